// Knowledge: what was found out once is written down, looked over by somebody else, and found again.
//
//   template ──draft──▶ Draft ──submit──▶ Unapproved ──approve──▶ Published
//                       Draft ◀──reject── Unapproved ◀──unpublish── Published

import Engine

extension Area {
    /// Articles of the knowledge base.
    static let knowledge = Area(
        title: "Knowledge",
        messages: [
            DraftArticle.self, SubmitArticle.self, ApproveArticle.self, RejectArticle.self, UnpublishArticle.self,
        ]
    )
}

/// Numbers of states, as docs/schema.md lists them.
enum ArticleState {
    static let draft: Int32 = 1
    static let unapproved: Int32 = 2
    static let published: Int32 = 3
}

/// Drafts an article by a template.
public struct DraftArticle: Message {
    /// The template.
    public var template = RecordID.none
    /// What the article is called.
    public var title: String?
    /// The subject that it is filed under.
    public var subject = RecordID.none

    public init() {}

    /// A request to draft an article.
    public init(_ template: RecordID, title: String, subject: RecordID = .none) {
        (self.template, self.title, self.subject) = (template, title, subject)
    }

    public static let declaration = MessageDeclaration<DraftArticle>(
        272,
        "draft",
        "Drafts an article with the text that a template begins with, filed under the template's subject or another one.",
        to: [MessageTarget("kbarticletemplate")],
        record: \.template,
        arguments: [
            .text(
                1,
                "title",
                \.title,
                lengthBytesMax: 1_000,
                isRequired: true,
                "What the article is called."
            ),
            .record(
                2,
                "subject",
                \.subject,
                to: ["subject"],
                "The subject that it is filed under; the template's where it is not given."
            ),
        ],
        rules: [DraftContract.templateInactive]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.state(of: template) ?? 0 == 0 else {
            throw records.refusal(
                DraftContract.templateInactive,
                template,
                "The template \(records.name(template)) is not used any more."
            )
        }
        let filed = subject == .none ? records.value(template, "subjectid") : .reference(subject)
        var plan = Plan(records)
        try plan.create(
            "kbarticle",
            records.copied(template, [("content", "content"), ("languagecode", "languagecode")]) + [
                ("title", .text(title ?? "")), ("kbarticletemplateid", .reference(template)), ("subjectid", filed),
            ]
        )
        return plan
    }
}

/// Hands an article to whoever approves it.
public struct SubmitArticle: Message {
    /// The article.
    public var article = RecordID.none

    public init() {}

    /// A request to hand an article over.
    public init(_ article: RecordID) { self.article = article }

    static let contentMissing = Rule("content-missing", "The article says nothing.")

    public static let declaration = MessageDeclaration<SubmitArticle>(
        273,
        "submit",
        "Hands a draft over to be approved.",
        to: [MessageTarget("kbarticle", states: [ArticleState.draft])],
        record: \.article,
        rules: [contentMissing]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.text(article, "content") != nil else {
            throw records.refusal(Self.contentMissing, article, "\(records.name(article)) has no content.")
        }
        var plan = Plan(records)
        try plan.update(article, [("statecode", .option(ArticleState.unapproved))])
        return plan
    }
}

/// Publishes an article.
public struct ApproveArticle: Message {
    /// The article.
    public var article = RecordID.none

    public init() {}

    /// A request to publish an article.
    public init(_ article: RecordID) { self.article = article }

    public static let declaration = MessageDeclaration<ApproveArticle>(
        274,
        "approve",
        "Publishes an article that was handed over: the acting user has approved it.",
        to: [MessageTarget("kbarticle", states: [ArticleState.unapproved])],
        record: \.article
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(
            article,
            [
                ("statecode", .option(ArticleState.published)), ("publishedon", .instant(records.timeMicroseconds)),
                ("approvedby", records.actor == .none ? .null : .reference(records.actor)), ("comments", .null),
            ]
        )
        return plan
    }
}

/// Gives an article back to whoever writes it.
public struct RejectArticle: Message {
    /// The article.
    public var article = RecordID.none
    /// What is to be done about it.
    public var reason: String?

    public init() {}

    /// A request to give an article back.
    public init(_ article: RecordID, reason: String) { (self.article, self.reason) = (article, reason) }

    public static let declaration = MessageDeclaration<RejectArticle>(
        275,
        "reject",
        "Gives an article that was handed over back as a draft, with what is to be done about it.",
        to: [MessageTarget("kbarticle", states: [ArticleState.unapproved])],
        record: \.article,
        arguments: [
            .text(
                1,
                "reason",
                \.reason,
                lengthBytesMax: 2_000,
                isRequired: true,
                "What is to be done about it."
            )
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(article, [("statecode", .option(ArticleState.draft)), ("comments", Value(reason))])
        return plan
    }
}

/// Takes a published article back.
public struct UnpublishArticle: Message {
    /// The article.
    public var article = RecordID.none

    public init() {}

    /// A request to take an article back.
    public init(_ article: RecordID) { self.article = article }

    public static let declaration = MessageDeclaration<UnpublishArticle>(
        276,
        "unpublish",
        "Takes a published article back, to be approved again or rejected.",
        to: [MessageTarget("kbarticle", states: [ArticleState.published])],
        record: \.article
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(
            article,
            [("statecode", .option(ArticleState.unapproved)), ("publishedon", .null), ("approvedby", .null)]
        )
        return plan
    }
}
