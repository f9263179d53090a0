// Header fields of GMime's objects, as Swift values.
//
// Guarantees: nothing that is returned refers to GMime's memory; lists of addresses are bounded before they are parsed, because
// GMime follows groups within groups without a limit. Lives no longer than the options it is given.

import CGMime

struct MailFields {
    let limits: MailLimits
    let options: OpaquePointer?

    /// The fields of a message or a part, each with its place in the message, since GMime keeps the `Content-…` fields of a message
    /// with its body.
    func headers(of object: OpaquePointer) -> [(offset: Int, header: MailHeader)] {
        guard let list = g_mime_object_get_header_list(object) else { return [] }
        var headers: [(offset: Int, header: MailHeader)] = []
        for index in 0..<max(g_mime_header_list_get_count(list), 0) {
            guard let header = g_mime_header_list_get_header_at(list, index), let name = g_mime_header_get_name(header)
            else { continue }
            let value = g_mime_header_get_raw_value(header).map { unfolded($0) } ?? ""
            let place = Int(g_mime_header_get_offset(header))
            headers.append((place, MailHeader(name: text(name), value: value)))
        }
        return headers
    }

    /// What a part says of itself; its content is still missing.
    func part(_ object: OpaquePointer) -> MailPart {
        var part = MailPart(
            type: "text/plain",
            headers: headers(of: object).map(\.header),
            content: .bytes([])
        )
        var name: String?
        if let type = g_mime_object_get_content_type(object) {
            let media = g_mime_content_type_get_media_type(type).map(text) ?? "text"
            let subtype = g_mime_content_type_get_media_subtype(type).map(text) ?? "plain"
            part.type = "\(media)/\(subtype)".lowercased()
            part.charset = parameter(type, "charset")?.lowercased()
            part.method = parameter(type, "method")?.uppercased()
            part.reportType = parameter(type, "report-type")?.lowercased()
            name = parameter(type, "name")
        }
        if let disposition = g_mime_object_get_content_disposition(object) {
            part.disposition = g_mime_content_disposition_get_disposition(disposition).map { text($0).lowercased() }
            name = g_mime_content_disposition_get_parameter(disposition, "filename").map(text) ?? name
        }
        part.fileName = name.map(MailFields.fileName)
        part.contentID = part.headers.first { $0.name.lowercased() == "content-id" }
            .flatMap { MessageIdentifiers.read($0.value, limits: limits).first?.text }
        return part
    }

    /// Fills in what the head says.
    func fill(_ message: inout MailMessage, from headers: [MailHeader]) {
        message.headers = headers
        var answered: Set<MessageID> = []
        for header in headers {
            let value = header.value
            switch header.name.lowercased() {
            case "message-id": message.messageID = message.messageID ?? identifiers(value).first
            case "in-reply-to":
                for id in identifiers(value)
                where answered.count < limits.identifierCountMax && answered.insert(id).inserted {
                    message.inReplyTo.append(id)
                }
            case "references": message.references = identifiers(value)
            case "date": message.dateSeconds = message.dateSeconds ?? seconds(value)
            case "from": message.from += addresses(value)
            case "sender": message.sender += addresses(value)
            case "reply-to": message.replyTo += addresses(value)
            case "to": message.to += addresses(value)
            case "cc": message.cc += addresses(value)
            case "bcc": message.bcc += addresses(value)
            case "delivered-to", "x-original-to", "envelope-to", "x-envelope-to":
                message.deliveredTo += addresses(value)
            case "return-path": message.returnPath = message.returnPath ?? returnPath(value)
            case "subject": if message.subject.isEmpty { message.subject = decoded(value) }
            case "received": message.receivedCount += 1
            default: break
            }
        }
    }

    private func identifiers(_ value: String) -> [MessageID] { MessageIdentifiers.read(value, limits: limits) }

    private func seconds(_ value: String) -> Int64? {
        // No date is longer than a line of a head may be.
        guard value.utf8.count <= 998, let date = g_mime_utils_header_decode_date(value) else { return nil }
        defer { g_date_time_unref(date) }
        return Int64(g_date_time_to_unix(date))
    }

    private func returnPath(_ value: String) -> String? {
        value.contains("<>") ? "" : addresses(value).first?.address
    }

    /// Encoded words decoded. Control characters become blanks: nothing in one line of a head may look like two.
    func decoded(_ value: String) -> String { MailFields.oneLine(EncodedWords.decode(value)) }

    // GMime would decode the names, and lose half of those that are cut into several words: it does not see them.
    private static let hidden = "=-encoded-?"

    func addresses(_ value: String) -> [MailAddress] {
        guard value.utf8.count(where: { $0 == .colon }) <= limits.addressColonMax,
            let list = internet_address_list_parse(options, value.replacing("=?", with: MailFields.hidden))
        else { return [] }
        defer { g_object_unref(UnsafeMutableRawPointer(list)) }
        var found: [MailAddress] = []
        collect(list, into: &found)
        return found
    }

    // As deep as there are colons in the field, which are bounded.
    private func collect(_ list: OpaquePointer, into found: inout [MailAddress]) {
        for index in 0..<max(internet_address_list_length(list), 0) {
            guard found.count < limits.addressCountMax, let address = internet_address_list_get_address(list, index)
            else { return }
            if g_type_check_instance_is_a(address, internet_address_group_get_type()) != 0 {
                if let members = internet_address_group_get_members(address) { collect(members, into: &found) }
            } else if g_type_check_instance_is_a(address, internet_address_mailbox_get_type()) != 0,
                let mailbox = internet_address_mailbox_get_addr(address)
            {
                let name = internet_address_get_name(address).map(text) ?? ""
                found.append(
                    MailAddress(
                        name: decoded(name.replacing(MailFields.hidden, with: "=?")),
                        address: MailFields.oneLine(text(mailbox).replacing(MailFields.hidden, with: "=?"))
                    )
                )
            }
        }
    }

    private func parameter(_ type: OpaquePointer, _ name: String) -> String? {
        g_mime_content_type_get_parameter(type, name).map(text)
    }

    private func text(_ pointer: UnsafePointer<CChar>) -> String { String(cString: pointer) }

    /// A field's value without its line breaks; the blanks that fold it stay, as the standard has it. Bytes that are not ASCII are
    /// not allowed there, and mean UTF-8 or an old local set.
    private func unfolded(_ pointer: UnsafePointer<CChar>) -> String {
        var bytes: [UInt8] = []
        var place = pointer
        while place.pointee != 0 {
            let byte = UInt8(bitPattern: place.pointee)
            if byte != .lineFeed, byte != .carriageReturn { bytes.append(byte) }
            place += 1
        }
        let isBlank = { (byte: UInt8) in byte == .space || byte == .tab }
        let trimmed = bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        return CharacterSets.text(Array(trimmed), charset: nil)
    }

    /// Control characters become blanks: whatever is in it is one line.
    static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: \.isControl) else { return text }
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { line.append(scalar.isControl ? " " : scalar) }
        return String(line)
    }

    /// The last piece of a path, without what a file name cannot hold; at most 255 bytes, the limit of every file system.
    static func fileName(_ declared: String) -> String {
        let piece = declared.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        var name = oneLine(String(piece))
        while name.utf8.count > 255 { name.removeLast() }
        return name == "." || name == ".." ? "" : name
    }
}
