"""What Python's email package reads out of messages: one line of JSON for each path on standard input.

A second opinion for MailReferenceTests: head, decoded subject, senders, and every leaf with its decoded text.
"""

import email
import email.header
import email.parser
import email.policy
import email.utils
import json
import sys


def text_of(data, charset):
    name = (charset or "").lower().strip("\"' ")
    if name in ("", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "8bit", "binary"):
        names = ["utf-8", "windows-1252"]
    elif name in ("iso-8859-1", "latin1", "latin-1", "iso8859-1"):
        names = ["windows-1252"]
    else:
        names = [name]
    for name in names[:-1]:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            pass
    try:
        return data.decode(names[-1], "replace")
    except LookupError:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("windows-1252", "replace")


def raw(value):
    data = str(value).encode("utf-8", "surrogateescape")
    return text_of(data.replace(b"\r", b"").replace(b"\n", b"").strip(b" \t"), None)


def decoded(value):
    pieces = []
    last_was_word = None
    for data, charset in email.header.decode_header(raw(value)):
        if isinstance(data, str):
            pieces.append(data)
        else:
            pieces.append(text_of(data, charset))
    return "".join(pieces)


def leaves(message, found):
    kind = message.get_content_type()
    if kind.startswith("message/") and kind not in ("message/rfc822", "message/news", "message/global"):
        # Python reads a delivery status as messages; it is a text for programs.
        found.append({"type": kind})
        return
    if message.is_multipart():
        for part in message.get_payload():
            leaves(part, found)
        return
    data = message.get_payload(decode=True) or b""
    entry = {"type": kind}
    if message.get_content_maintype() == "text":
        entry["text"] = text_of(data, message.get_content_charset())
    found.append(entry)


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(data)
    found = []
    leaves(message, found)
    return {
        "headers": [[name, raw(value)] for name, value in message._headers],
        "subject": decoded(message.get("Subject", "")),
        "from": [a for _, a in email.utils.getaddresses([raw(v) for v in message.get_all("From", [])]) if a],
        "leaves": found,
    }


for line in sys.stdin:
    try:
        answer = read(line.rstrip("\n"))
    except Exception as error:  # The reference has faults of its own; the test counts them.
        answer = {"error": repr(error)}
    print(json.dumps(answer, ensure_ascii=True))
