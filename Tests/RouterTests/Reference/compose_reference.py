"""What Python's email package reads out of messages that were written here: one line of JSON for each base64 on standard input.

A second opinion for ComposeReferenceTests, with everything that the package calls a defect.
"""

import base64
import email.parser
import email.policy
import json
import sys


def people(message, name):
    found = []
    for field in message.get_all(name, []):
        found += [[a.display_name, f"{a.username}@{a.domain}"] for a in field.addresses]
    return found


def read(data):
    message = email.parser.BytesParser(policy=email.policy.default).parsebytes(data)
    defects = []
    texts = {}
    files = []
    for part in message.walk():
        defects += [repr(d) for d in part.defects]
        for _, value in part.items():
            defects += [repr(d) for d in value.defects]
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        if part.get_content_disposition() is None and kind.startswith("text/"):
            texts[kind] = part.get_payload(decode=True).decode(part.get_content_charset())
        else:
            body = base64.b64encode(part.get_payload(decode=True)).decode()
            files.append([part.get_filename() or "", kind, part["Content-ID"] or "", body])
    return {
        "fields": [name for name in message.keys()],
        "subject": message["Subject"] or "",
        "date": int(message["Date"].datetime.timestamp()),
        "from": people(message, "From"),
        "to": people(message, "To"),
        "cc": people(message, "Cc"),
        "references": message["References"] or "",
        "texts": texts,
        "files": files,
        "defects": defects,
    }


for line in sys.stdin:
    print(json.dumps(read(base64.b64decode(line)), ensure_ascii=True))
