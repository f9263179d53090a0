// What an appointment needs: so many of each of several groups, nobody twice, and where it is said all from one site.
//
// Guarantees
// - If there is a way to give each requirement what it needs, one is found, however groups overlap: places are filled one after the other,
//   and who has one moves to another where that makes room (augmenting paths).
// - Who is chosen follows from who is free: the first by id that can be, requirement by requirement. Whoever asks gets the same answer.
// - Every look at a member counts: choosing ends, found or refused, after as many as may be made.

import Engine

/// One of the things that are needed.
struct Requirement {
    /// What it is called in sentences: the group.
    let name: String
    let count: Int
    /// How much of the capacity of each is taken.
    let effort: Int64
    /// Places in `Requirements.resources`, in order, nobody twice.
    let members: [Int]
}

/// All that is needed at a time.
struct Requirements {
    /// Places that one appointment fills at most.
    static let countMax = 200
    /// Who and what may be asked for one appointment.
    static let resourcesMax = 10_000
    /// Members of all requirements together, whoever is in several of their groups.
    static let membersMax = 20_000

    /// Who and what can serve, by id.
    let resources: [RecordID]
    let list: [Requirement]
    /// Who must be among those who serve, as a place in `resources`.
    let wish: Int?
    /// The sites that are tried one after the other, each with the members of every requirement who are there; one with everybody where
    /// nothing is said of sites.
    private let sites: [[[Int]]]
    /// Whether all that serve must be at one site.
    let isOfSites: Bool

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
        let needs = Self.merged(needs)
        guard needs.reduce(0, { $0 + $1.count }) <= Self.countMax else {
            throw Refusal(.limitExceeded, "More than \(Self.countMax) resources would be needed for one appointment.")
        }
        var members: [[RecordID]] = []
        var all: Set<RecordID> = []
        var memberCount = 0
        for need in needs {
            let found = try Self.members(of: need.group, countMax: Self.membersMax - memberCount, records)
            memberCount += found.count
            all.formUnion(found)
            guard all.count <= Self.resourcesMax else {
                throw Refusal(.limitExceeded, "More than \(Self.resourcesMax) resources could serve.")
            }
            members.append(found)
        }
        let resources = all.sorted()
        let places = Dictionary(uniqueKeysWithValues: resources.enumerated().map { ($1, $0) })
        self.resources = resources
        list = zip(needs, members).map { need, members in
            Requirement(
                name: records.name(need.group),
                count: need.count,
                effort: need.effort,
                members: members.compactMap { places[$0] }
            )
        }
        self.wish = places[wish]
        isOfSites = isSameSite || site != .none
        sites = isOfSites ? Self.sites(list, resources, only: site, records) : [list.map(\.members)]
    }

    /// Needs of one group for one effort as one, where the first of them is.
    private static func merged(_ needs: [Need]) -> [Need] {
        struct Kind: Hashable {
            let group: RecordID
            let effort: Int64
        }
        var places: [Kind: Int] = [:]
        var merged: [Need] = []
        for need in needs {
            let kind = Kind(group: need.group, effort: need.effort)
            if let place = places[kind] {
                merged[place].count += need.count
            } else {
                places[kind] = merged.count
                merged.append(need)
            }
        }
        return merged
    }

    /// Who is in a group, by id. O(its members).
    private static func members(
        of group: RecordID,
        countMax: Int,
        _ records: Records
    ) throws(Refusal) -> [RecordID] {
        let found: [RecordID]
        do {
            found = try records.referring(to: group, "resourcegroupmember", "resourcegroupid", countMax: countMax)
        } catch {
            throw Refusal(.limitExceeded, "More than \(membersMax) members of groups could serve.")
        }
        return Set(found.map { records.reference($0, "resourceid") }).sorted()
    }

    /// The sites at which there is somebody for everything, by id, with who of each requirement is there. O(members).
    private static func sites(
        _ list: [Requirement],
        _ resources: [RecordID],
        only site: RecordID,
        _ records: Records
    ) -> [[[Int]]] {
        let own = resources.map { records.reference($0, "siteid") }
        var present: [RecordID: [Int: [Int]]] = [:]
        for (place, requirement) in list.enumerated() {
            for member in requirement.members where own[member] != .none && (site == .none || own[member] == site) {
                present[own[member], default: [:]][place, default: []].append(member)
            }
        }
        let enough = present.filter { _, members in
            list.indices.allSatisfy { (members[$0]?.count ?? 0) >= list[$0].count }
        }
        return enough.sorted { $0.key < $1.key }.map { _, members in list.indices.map { members[$0] ?? [] } }
    }

    /// Exactly these, each for an effort of its own.
    init(each resources: [(id: RecordID, effort: Int64)], _ records: Records) throws(Refusal) {
        guard resources.count <= Self.countMax else {
            throw Refusal(.limitExceeded, "More than \(Self.countMax) resources are booked for one appointment.")
        }
        let sorted = resources.sorted { $0.id < $1.id }
        self.resources = sorted.map(\.id)
        list = sorted.enumerated().map { place, resource in
            Requirement(name: records.name(resource.id), count: 1, effort: resource.effort, members: [place])
        }
        (wish, isOfSites, sites) = (nil, false, [list.map(\.members)])
    }

    /// The effort with which a resource that is named serves: that of the first of the service's needs that it is for, else one.
    static func effort(of resource: RecordID, for service: RecordID, _ records: Records) throws(Refusal) -> Int64 {
        let groups = Set(
            try records.referring(to: resource, "resourcegroupmember", "resourceid").map {
                records.reference($0, "resourcegroupid")
            }
        )
        return try needs(of: service, records).first { groups.contains($0.group) }?.effort ?? 1
    }

    /// Chooses who serves; nil where it cannot be done. `isFree` is asked for a requirement and one of its members, both by place, and answers
    /// the same each time. O(places × members), and where groups overlap times the places again; each look at a member counts.
    func choose(
        _ work: ScheduleWork,
        _ isFree: (_ requirement: Int, _ member: Int) throws(Refusal) -> Bool
    ) throws(Refusal) -> [(place: Int, effort: Int64)]? {
        for members in sites {
            var choice = Choice(self, members, work)
            if try choice.fill(isFree) {
                return choice.chosen.map { ($0.member, list[$0.requirement].effort) }
            }
        }
        return nil
    }
}

/// The places of one appointment, being filled.
private struct Choice {
    /// Who must have one of the places.
    private let wish: Int?
    /// Of each requirement who may be chosen.
    private let candidates: [[Int]]
    private let work: ScheduleWork
    /// The requirement of each place, and who has it.
    private let places: [Int]
    private var members: [Int?]
    /// The place that a member has.
    private var placeOf: [Int: Int] = [:]

    init(_ requirements: Requirements, _ candidates: [[Int]], _ work: ScheduleWork) {
        (wish, self.candidates, self.work) = (requirements.wish, candidates, work)
        places = requirements.list.indices.flatMap { Array(repeating: $0, count: requirements.list[$0].count) }
        members = Array(repeating: nil, count: places.count)
    }

    var chosen: [(requirement: Int, member: Int)] {
        zip(places, members).compactMap { requirement, member in member.map { (requirement, $0) } }
    }

    mutating func fill(_ isFree: (Int, Int) throws(Refusal) -> Bool) throws(Refusal) -> Bool {
        try work.look(places.count)
        if let wish {
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
        for (place, requirement) in places.enumerated() {
            try work.look(candidates[requirement].count)
            guard candidates[requirement].contains(wish), try isFree(requirement, wish) else { continue }
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
        for member in candidates[requirement] {
            try work.look()
            guard placeOf[member] == nil, try isFree(requirement, member) else { continue }
            (members[place], placeOf[member]) = (member, place)
            return true
        }
        for member in candidates[requirement] {
            try work.look()
            guard !visited.contains(member), let other = placeOf[member], places[other] != requirement,
                try isFree(requirement, member)
            else { continue }
            visited.insert(member)
            if try fill(other, &visited, isFree) {
                (members[place], placeOf[member]) = (member, place)
                return true
            }
        }
        return false
    }
}
