import Router

/// A message from text: lines end as on the wire.
func mail(_ text: String, limits: MailLimits = MailLimits()) throws -> MailMessage {
    try MailParser(limits: limits).parse(Array(text.replacing("\n", with: "\r\n").utf8))
}
