// What an appointment needs: so many of each of several groups, nobody twice, and where it is said all from one site.
//
// Guarantees
// - If there is a way to give each requirement what it needs, one is found, however groups overlap: places are filled one after the other,
//   and who has one moves to another where that makes room (augmenting paths).
// - Who is chosen follows from who is free: the first by id that can be, requirement by requirement. Whoever asks gets the same answer.

import Engine

/// One of the things that are needed.
struct Requirement {
    /// What it is called in sentences: the group.
    let name: String
    let count: Int
    /// How much of the capacity of each is taken.
    let effort: Int64
    /// Places in `Requirements.resources`, in order.
    let members: [Int]
}

/// All that is needed at a time.
struct Requirements {
    /// Places that one appointment fills at most.
    static let countMax = 200
    /// Who and what may be asked for one appointment.
    static let resourcesMax = 10_000

    /// Who and what can serve, by id.
    let resources: [RecordID]
    let list: [Requirement]
    /// Who must be among those who serve, as a place in `resources`.
    let wish: Int?
    /// The sites that are tried one after the other, each with who is there; one with everybody where nothing is said of sites.
    private let sites: [Set<Int>?]
    /// Whether all that serve must be at one site.
    var isOfSites: Bool { sites.first.map { $0 != nil } ?? true }

    /// Which group of a service and how many, as it says or is asked for.
    struct Need {
        var group: RecordID
        var count: Int
        var effort: Int64 = 1
    }

    /// What a service needs: the group that it names itself, then its requirements by their ids.
    static func needs(of service: RecordID, _ records: Records) throws(Refusal) -> [Need] {
        var needs: [Need] = []
        func count(_ id: RecordID, _ attribute: String) -> Int {
            Int(min(max(records.integer(id, attribute) ?? 1, 1), Int64(countMax) + 1))
        }
        let group = records.reference(service, "resourcegroupid")
        if group != .none { needs.append(Need(group: group, count: count(service, "resourcecount"))) }
        for id in try records.referring(to: service, "resourcespec", "serviceid", countMax: countMax) {
            let effort = min(max(records.integer(id, "effortrequired") ?? 1, 1), Occupation.whole)
            needs.append(
                Need(
                    group: records.reference(id, "groupobjectid"),
                    count: count(id, "requiredcount"),
                    effort: effort
                )
            )
        }
        return needs
    }

    /// So many of groups; of one site where `isSameSite`, of this one where one is given.
    init(
        _ needs: [Need],
        isSameSite: Bool,
        site: RecordID,
        with wish: RecordID,
        _ records: Records
    ) throws(Refusal) {
        var members: [[RecordID]] = []
        for need in needs {
            members.append(
                try records.referring(to: need.group, "resourcegroupmember", "resourcegroupid").map {
                    records.reference($0, "resourceid")
                }.sorted()
            )
        }
        let all = Set(members.joined()).sorted()
        guard all.count <= Self.resourcesMax else {
            throw Refusal(.limitExceeded, "More than \(Self.resourcesMax) resources could serve.")
        }
        guard needs.reduce(0, { $0 + $1.count }) <= Self.countMax else {
            throw Refusal(.limitExceeded, "More than \(Self.countMax) resources would be needed for one appointment.")
        }
        let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
        resources = all
        list = zip(needs, members).map { need, members in
            Requirement(
                name: records.name(need.group),
                count: need.count,
                effort: need.effort,
                members: members.compactMap { places[$0] }
            )
        }
        self.wish = places[wish]
        var present: [RecordID: Set<Int>] = [:]
        if isSameSite || site != .none {
            for (place, id) in all.enumerated() {
                let own = records.reference(id, "siteid")
                if own != .none { present[own, default: []].insert(place) }
            }
        }
        if site != .none {
            sites = [present[site] ?? []]
        } else if isSameSite {
            sites = present.keys.sorted().map { present[$0] ?? [] }
        } else {
            sites = [nil]
        }
    }

    /// Exactly these, each for an effort of its own.
    init(each resources: [(id: RecordID, effort: Int64)], _ records: Records) {
        let sorted = resources.sorted { $0.id < $1.id }
        self.resources = sorted.map(\.id)
        list = sorted.enumerated().map { place, resource in
            Requirement(name: records.name(resource.id), count: 1, effort: resource.effort, members: [place])
        }
        (wish, sites) = (nil, [nil])
    }

    /// The effort with which a resource that is named serves: that of the first of the service's needs that it is for, else one.
    static func effort(of resource: RecordID, for service: RecordID, _ records: Records) throws(Refusal) -> Int64 {
        let groups = try records.referring(to: resource, "resourcegroupmember", "resourceid").map {
            records.reference($0, "resourcegroupid")
        }
        return try needs(of: service, records).first { groups.contains($0.group) }?.effort ?? 1
    }

    /// Chooses who serves; nil where it cannot be done. `isFree` is asked for a requirement and one of its members, both by place, and answers
    /// the same each time. O(places × members), and where groups overlap times the places again.
    func choose(
        _ isFree: (_ requirement: Int, _ member: Int) throws(Refusal) -> Bool
    ) throws(Refusal) -> [(place: Int, effort: Int64)]? {
        for site in sites {
            var choice = Choice(self, site: site)
            if try choice.fill(isFree) {
                return choice.chosen.map { ($0.member, list[$0.requirement].effort) }
            }
        }
        return nil
    }
}

/// The places of one appointment, being filled.
private struct Choice {
    private let requirements: Requirements
    private let site: Set<Int>?
    /// The requirement of each place, and who has it.
    private let places: [Int]
    private var members: [Int?]
    /// The place that a member has.
    private var placeOf: [Int: Int] = [:]

    init(_ requirements: Requirements, site: Set<Int>?) {
        (self.requirements, self.site) = (requirements, site)
        places = requirements.list.indices.flatMap { Array(repeating: $0, count: requirements.list[$0].count) }
        members = Array(repeating: nil, count: places.count)
    }

    var chosen: [(requirement: Int, member: Int)] {
        zip(places, members).compactMap { requirement, member in member.map { (requirement, $0) } }
    }

    private func isHere(_ member: Int) -> Bool { site?.contains(member) ?? true }

    mutating func fill(_ isFree: (Int, Int) throws(Refusal) -> Bool) throws(Refusal) -> Bool {
        if let wish = requirements.wish {
            guard try take(wish, isFree) else { return false }
        }
        for place in places.indices where members[place] == nil {
            var visited: Set<Int> = []
            guard try fill(place, &visited, isFree) else { return false }
        }
        return true
    }

    /// Gives the one who must be there the first place that is for them. Who has a place keeps one while others are filled.
    private mutating func take(_ wish: Int, _ isFree: (Int, Int) throws(Refusal) -> Bool) throws(Refusal) -> Bool {
        guard isHere(wish) else { return false }
        for (place, requirement) in places.enumerated()
        where requirements.list[requirement].members.contains(wish) {
            guard try isFree(requirement, wish) else { continue }
            (members[place], placeOf[wish]) = (wish, place)
            return true
        }
        return false
    }

    /// Finds somebody for a place: who has none yet, or else who can be replaced where they are.
    private mutating func fill(
        _ place: Int,
        _ visited: inout Set<Int>,
        _ isFree: (Int, Int) throws(Refusal) -> Bool
    ) throws(Refusal) -> Bool {
        let requirement = places[place]
        for member in requirements.list[requirement].members where placeOf[member] == nil && isHere(member) {
            guard try isFree(requirement, member) else { continue }
            (members[place], placeOf[member]) = (member, place)
            return true
        }
        for member in requirements.list[requirement].members where isHere(member) && !visited.contains(member) {
            guard let other = placeOf[member], places[other] != requirement, try isFree(requirement, member) else {
                continue
            }
            visited.insert(member)
            if try fill(other, &visited, isFree) {
                (members[place], placeOf[member]) = (member, place)
                return true
            }
        }
        return false
    }
}
