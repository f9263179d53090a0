// What was found out once: articles, and the texts that they begin with.

extension SchemaBuilder {
    mutating func addKnowledgeEntities() {
        entity(105, "kbarticletemplate", "Article template", ownership: .organisation) { e in
            e.text("title", "Title", 500, required: true, ordered: true)
            e.activeInactive()
            e.lookup("subjectid", "Subject", to: "subject")
            e.text("languagecode", "Language", 20)
            e.memo("content", "Text that articles begin with", 100_000)
            e.memo("description", "Description", 2_000)
            e.primaryName("title")
            e.searched("title")
        }

        entity(106, "kbarticle", "Article", ownership: .organisation) { e in
            e.text("title", "Title", 500, required: true, ordered: true)
            e.states([
                (1, "Draft", [1: "Draft"]),
                (2, "Unapproved", [2: "Unapproved"]),
                (3, "Published", [3: "Published"]),
            ])
            e.autoNumber("number", "Article number", "KBA-{SEQNUM:5}")
            e.lookup("kbarticletemplateid", "Template", to: "kbarticletemplate")
            e.lookup("subjectid", "Subject", to: "subject")
            e.text("languagecode", "Language", 20)
            e.text("keywords", "Keywords", 400)
            e.memo("content", "Text", 100_000)
            e.memo("description", "Summary", 2_000)
            e.memo("comments", "What is to be done about it", 2_000)
            e.instant("publishedon", "Published on", ordered: true)
            e.lookup("approvedby", "Approved by", to: "systemuser")
            e.sourceDates()
            e.primaryName("title")
            e.searched("title", "number", "keywords", "content")
            e.key("number")
        }
    }
}
