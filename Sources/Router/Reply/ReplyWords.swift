// The words by which mail programs introduce what they quote, in the languages they are translated to.

enum ReplyWords {
    /// A line in small letters, without what is not seen, with one blank between words; at most 400 bytes of it.
    static func normal(_ line: Substring) -> String {
        let scalars = line.unicodeScalars.prefix(400).filter { !invisible.contains($0.value) }
        return String(String.UnicodeScalarView(scalars)).lowercased().split(whereSeparator: \.isWhitespace).joined(
            separator: " "
        )
    }

    // Zero-width characters, marks of direction, and the letter that a tracking service puts at the end of mails.
    private static let invisible: Set<UInt32> = [0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x1427]

    // MARK: Attributions

    /// Whether lines, joined, say who wrote what follows.
    static func isAttribution(_ joined: String, first: String, lineCount: Int) -> Bool {
        let text = joined.trimming("*_-|> ")
        // A date in digits and an address or a zone need no verb: "2016-03-03 17:21 GMT+01:00 Ann".
        if beginsWithISODate(text), text.contains("gmt") || text.contains("@") {
            return lineCount == 1 ? !text.hasSuffix("<") : text.hasSuffix(":")
        }
        guard let last = text.last, last == ":" || last == "：" || joined.hasSuffix("--"),
            verbs.contains(where: { text.contains($0) })
        else { return false }
        let hasEvidence = text.contains("@") || hasTime(text) || hasYear(text) || text.contains("you wrote")
        guard hasEvidence else { return false }
        return lineCount == 1 || isStart(first)
    }

    private static let verbs = [
        "wrote", "a écrit", "schrieb", "schreef", "geschreven", "ha scritto", "escribió", "escribio",
        "escreveu", "napisał",
        "написал", "писал", "пише", "написа", "skrev", "skrifaði", "kirjoitti", "写道", "寫道", "書きました", "yazdı", "írta",
        "a scris", "έγραψε", "כתב", "napsal", "napísal", "đã viết", "menulis", "작성", "كتب",
    ]

    /// Whether a line looks like the first of several: a date, or a name with its address.
    static func isStart(_ line: String) -> Bool {
        let line = line.trimming("*_-|> ")
        let hasDigit = line.contains { $0.isNumber }
        if let first = line.first, first.isNumber { return true }
        let word = line.prefix { !$0.isWhitespace }
        if hasDigit, starts.contains(String(word)) || word.hasSuffix(",") || word.hasSuffix(".,") { return true }
        // A name, and its address in brackets.
        guard let open = line.firstIndex(of: "<") else { return false }
        return open > line.startIndex && line.distance(from: line.startIndex, to: open) <= 80
    }

    private static let starts: Set<String> = [
        "on", "am", "le", "op", "il", "el", "em", "dnia", "den", "w", "at", "vào", "на", "a", "dne", "på", "pe", "in",
        "în", "la", "pada",
        "στις", "в", "d.", "kl.", "og",
    ]

    private static func beginsWithISODate(_ text: String) -> Bool {
        let digits = Array(text.utf8.prefix(10))
        guard digits.count >= 8, digits[0...3].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return false }
        return (digits[4] == UInt8(ascii: "-") || digits[4] == UInt8(ascii: "/")) && digits[5] >= 0x30
            && digits[5] <= 0x39
    }

    /// `9:05`, `21.15`.
    static func hasTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 4 else { return false }
        let isDigit = { (byte: UInt8) in byte >= 0x30 && byte <= 0x39 }
        for index in 1..<(bytes.count - 2)
        where (bytes[index] == UInt8(ascii: ":") || bytes[index] == UInt8(ascii: ".")) && isDigit(bytes[index - 1])
            && isDigit(bytes[index + 1]) && isDigit(bytes[index + 2])
        { return true }
        return false
    }

    private static func hasYear(_ text: String) -> Bool {
        text.split { !$0.isNumber }.contains { $0.count == 4 && ($0.hasPrefix("19") || $0.hasPrefix("20")) }
    }

    // MARK: Original and forwarded messages

    static func isMark(_ line: String) -> Bool {
        let text = line.trimming("*_-=> :")
        guard marks.contains(text) else { return false }
        return text.count < line.count
    }

    private static let marks: Set<String> = [
        "original message", "original appointment", "forwarded message", "begin forwarded message", "forwarded by",
        "reply message",
        "ursprüngliche nachricht", "originalnachricht", "weitergeleitete nachricht",
        "anfang der weitergeleiteten nachricht",
        "message d'origine", "message original", "message transféré", "début du message réexpédié", "mensaje original",
        "mensaje reenviado",
        "messaggio originale", "messaggio inoltrato", "inizio messaggio inoltrato", "mensagem original",
        "mensagem encaminhada",
        "oorspronkelijk bericht", "doorgestuurd bericht", "begin doorgestuurd bericht",
        "originalmeddelande",
        "ursprungligt meddelande", "vidarebefordrat meddelande", "oprindelig meddelelse", "videresendt meddelelse",
        "opprinnelig melding",
        "videresendt melding", "alkuperäinen viesti", "välitetty viesti", "wiadomość oryginalna",
        "oryginalna wiadomość",
        "wiadomość przekazana", "původní zpráva", "исходное сообщение", "пересылаемое сообщение",
        "оригинальное сообщение",
        "eredeti üzenet", "özgün ileti", "orijinal mesaj", "原始邮件", "原始郵件", "转发邮件", "元のメッセージ", "転送メッセージ", "원본 메시지",
    ]

    // MARK: Heads

    static func isSenderField(_ line: String) -> Bool { field(line).map { senders.contains($0) } ?? false }

    static func isField(_ line: String) -> Bool {
        field(line).map { senders.contains($0) || fields.contains($0) } ?? false
    }

    private static func field(_ line: String) -> String? {
        guard let colon = line.firstIndex(where: { $0 == ":" || $0 == "：" }) else { return nil }
        return line[..<colon].trimming("*_>| ")
    }

    private static let senders: Set<String> = [
        "from", "von", "de", "da", "van", "från", "fra", "od", "от", "від", "lähettäjä", "kimden", "feladó", "发件人",
        "寄件者", "差出人",
        "보낸 사람", "από", "expéditeur", "mittente", "remitente",
    ]

    private static let fields: Set<String> = [
        "sent", "date", "to", "cc", "subject", "reply-to", "importance", "attachments", "gesendet", "datum", "an",
        "betreff", "antwort an",
        "envoyé", "à", "objet", "répondre à", "inviato", "data", "a", "oggetto", "risposta", "rispondi a", "enviado",
        "enviado el", "fecha",
        "para", "asunto", "enviada em", "enviada", "assunto", "verzonden", "aan", "onderwerp", "skickat", "till",
        "ämne", "sendt", "til", "emne",
        "wysłano", "do", "temat", "отправлено", "дата", "кому", "тема", "odesláno", "komu", "předmět", "lähetetty",
        "vastaanottaja", "aihe",
        "gönderilen", "kime", "konu", "elküldve", "címzett", "tárgy", "发送时间", "日期", "收件人", "抄送", "主题", "送信日時", "宛先",
        "件名", "대상", "날짜", "제목",
    ]

    // MARK: Devices

    /// Whether a line is what a device or an app puts below everything.
    static func isDevice(_ line: String) -> Bool {
        let text = line.trimming("<>()[]*_-. ")
        guard text.utf8.count <= 200, !text.isEmpty else { return false }
        if devices.contains(where: { text.hasPrefix($0) }) { return true }
        return text.split(separator: " ").count <= 4
            && ["from mobile", "from my mobile", "from my iphone", "from my phone"].contains { text.contains($0) }
    }

    private static let devices = [
        "sent from", "sent via", "sent with", "sent by", "sent using", "from my ", "get outlook for", "get [outlook",
        "envoyé de", "envoyé depuis",
        "envoyé à partir", "von meinem", "von meiner", "gesendet von", "gesendet mit",
        "diese nachricht wurde von meinem", "verzonden vanaf",
        "verzonden met", "verstuurd vanaf", "enviado desde", "enviado do", "enviado a partir", "enviado de mi",
        "inviato da", "inviato dal",
        "skickat från", "sendt fra", "wysłane z", "wysłano z", "отправлено с", "отправлено из", "відправлено з",
        "lähetetty", "從我的", "发自我的",
        "發自我的", "從我", "iphoneから送信", "odesláno z", "elküldve a", "trimis de pe", "poslano z", "나의 iphone에서",
    ]
}

extension StringProtocol {
    /// Without these characters at its ends.
    fileprivate func trimming(_ characters: String) -> String {
        var text = String(self)[...]
        while let first = text.first, characters.contains(first) { text.removeFirst() }
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return String(text)
    }
}
