import CRM
import Engine

extension TestOrganisation {
    /// The answer to a question about schedules.
    func ask(_ question: ScheduleQuestion) throws -> ScheduleAnswer {
        let records = Records(engine, actor: actor, timeMicroseconds: timeMicroseconds) { BusinessCalendar() }
        return try question.answer(records)
    }

    /// The answer to `availability 2026-05-18 2026-05-19 service=S minutes=60`, `validate B` or `validate 2026-05-18 2026-05-25 [U]` as lines;
    /// records under their names here.
    func schedule(_ words: [String]) throws -> [String] {
        do {
            let answer = try ask(question(words))
            var lines = answer.times.map { time in
                let who = time.resources.map { shown(.reference($0)) }.joined(separator: " ")
                return "\(moment(time.start)) | \(moment(time.end)) | \(who)"
            }
            for conflict in answer.conflicts {
                let other = conflict.other == .none ? "" : " | \(shown(.reference(conflict.other)))"
                lines.append(
                    "\(conflict.reason) | \(shown(.reference(conflict.appointment)))\(other) | \(naming(conflict.text))"
                )
            }
            return lines + (answer.isCut ? ["and more"] : [])
        } catch let refusal as Refusal {
            let code = refusal.code == .ruleBroken ? refusal.rule : "\(refusal.code)"
            return ["refused \(code): \(naming(refusal.message))"]
        }
    }

    private func moment(_ microseconds: Int64) -> String { CalendarText.text(microseconds: microseconds) }

    private func question(_ words: [String]) throws -> ScheduleQuestion {
        let moments = words.compactMap { CalendarText.instant($0) }
        if words[0] == "validate" {
            guard moments.count == 2 else {
                return .validation(of: try record(words[1]), from: 0, to: 0, limit: 100)
            }
            let whose = words.count > 3 ? try record(words[3]) : .none
            return .validation(of: whose, from: moments[0], to: moments[1], limit: 100)
        }
        var wish = AvailabilityWish(from: moments[0], to: moments[1])
        for word in words.dropFirst(3) {
            let sides = word.split(separator: "=").map(String.init)
            switch sides[0] {
            case "for": wish.appointment = try record(sides[1])
            case "service": wish.service = try record(sides[1])
            case "resource": wish.resource = try record(sides[1])
            case "with": wish.with = try record(sides[1])
            case "site": wish.site = try record(sides[1])
            case "minutes": wish.minutes = Int64(sides[1])
            case "step": wish.stepMinutes = Int64(sides[1]) ?? 0
            case "limit": wish.limit = Int(sides[1]) ?? 0
            case "group":
                let parts = sides[1].split(separator: ":").map(String.init)
                wish.needs.append(.init(try record(parts[0]), count: parts.count > 1 ? Int(parts[1]) ?? 0 : 1))
            default: throw Failure(description: "no wish: \(word)")
            }
        }
        return .availability(wish)
    }
}
