// Knowledge of a CRM that is somewhere else: a decision is made with the answers that are there, says what it asked without having an
// answer, and is made anew when the answers have come, until nothing is open.
//
// So the decision stays a pure function, and the server is asked only what the decision wants to know. It ends: each round answers
// at least one question, and the questions come from one message and the answers before; some four rounds are usual.

import Router

/// A question of `MailKnowledge` as a value.
enum MailQuestion: Hashable, Sendable {
    case message(MessageID)
    case mention(MessageID)
    case index([UInt8])
    case tag(String)
    case thread(MailThreadID)
    case about(String, participants: [String])
    case delivered(MailFingerprint)
    case own(String)
}

/// An answer; which one belongs to the question.
enum MailAnswer: Sendable {
    case link(MailThreadID?)
    case links([MailThreadID])
    case thread(MailThread?)
    case flag(Bool)
}

/// Answers from what is there. Lives for one decision, in one task.
final class AskedKnowledge: MailKnowledge {
    private let answers: [MailQuestion: MailAnswer]
    /// What was asked and is not answered, each once, in order.
    private(set) var open: [MailQuestion] = []
    private var asked: Set<MailQuestion> = []

    init(_ answers: [MailQuestion: MailAnswer]) { self.answers = answers }

    private func answer(_ question: MailQuestion) -> MailAnswer? {
        if let answer = answers[question] { return answer }
        if asked.insert(question).inserted { open.append(question) }
        return nil
    }

    private func link(_ question: MailQuestion) -> MailThreadID? {
        if case .link(let thread) = answer(question) { thread } else { nil }
    }

    private func flag(_ question: MailQuestion) -> Bool {
        if case .flag(let flag) = answer(question) { flag } else { false }
    }

    func thread(ofMessage id: MessageID) -> MailThreadID? { link(.message(id)) }
    func thread(mentioning id: MessageID) -> MailThreadID? { link(.mention(id)) }
    func thread(ofIndex index: [UInt8]) -> MailThreadID? { link(.index(index)) }
    func thread(ofTag tag: String) -> MailThreadID? { link(.tag(tag)) }
    func hasDelivered(_ fingerprint: MailFingerprint) -> Bool { flag(.delivered(fingerprint)) }
    func isOwn(_ address: MailAddress) -> Bool { flag(.own(address.key)) }

    func thread(_ id: MailThreadID) -> MailThread? {
        if case .thread(let thread) = answer(.thread(id)) { thread } else { nil }
    }

    func threads(about subject: String, with participants: Set<String>) -> [MailThreadID] {
        let question = MailQuestion.about(subject, participants: participants.sorted())
        if case .links(let threads) = answer(question) { return threads }
        return []
    }
}
