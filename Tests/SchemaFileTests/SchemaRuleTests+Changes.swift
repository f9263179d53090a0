// The changes of a schema that SchemaRuleTests tries on records that are there: those that are allowed, and those that are
// refused, with the beginning of the reason.

extension SchemaRuleTests {
    /// What is allowed: a change of `project` (or, where it begins with a key of its own, a whole file).
    static let allowed = [
        "attributes: {name: {length: 100}}",
        "attributes: {name: {length: 21}}",
        "attributes: {name: {type: memo, ordered: no}}",
        "attributes: {name: {ordered: no}}",
        "attributes: {code: {ordered: yes}}",
        "attributes: {code: {collation: exact}}",
        "attributes: {name: {collation: exact, ordered: no}, code: {collation: exact, ordered: yes}}",
        "attributes: {serial: {type: text, collation: exact}}\nkeys: {serial: serial}",
        "attributes: {code: {label: Short name}}",
        "attributes: {effort: {minimum: -5000000000, maximum: 5000000000}}",
        "attributes: {effort: {maximum: 900}}",
        "attributes: {effort: {required: yes}}",
        "attributes: {effort: {default: 5}}",
        "attributes: {effort: {ordered: yes}}",
        "attributes: {rate: {maximum: 20}}",
        "attributes: {phase: {default: none, options: {4: Shelved}}}",
        "attributes: {phase: {options: {2: Construction}}}",
        "attributes: {phase: {options: {3: {delete: yes}}}}",
        "attributes: {customerid: {to: [contact, account, order]}}",
        "attributes: {customerid: {behaviours: {delete: restrict, share: active}}}",
        "attributes: {unused: {delete: yes}}",
        "attributes: {below: {delete: yes}}",
        "attributes: {below: {aggregate: max}}",
        "attributes: {below: {where: 'rate > parent.rate'}}",
        "attributes: {below: {result: decimal, digits: 1}}",
        "attributes: {pairs: {type: rollup, aggregate: count, over: projectcontact.projectid, result: integer}}",
        "attributes: {share: {type: calculated, expression: 'rate / below', result: decimal}}",
        "attributes: {rate: {delete: with data}, below: {delete: yes}}",
        "attributes: {effort: {delete: with data}}\nviews: {Projects: {delete: yes}}",
        "attributes: {budget: money}",
        "attributes: {budget: {type: integer, required: yes, default: 3}}",
        "attributes: {kind: {type: option, options: {7: A, 9: B}, required: yes, default: B}}",
        "attributes: {flag: {type: yesno, required: yes, default: no}}",
        "attributes: {other: {type: lookup, to: order}}",
        "keys: {name: name}",
        "keys: {code: {delete: yes}}",
        "keys: {pair: [name, effort]}",
        "keys: {link: [customerid, code]}",
        "indexes: {fast: [phase, name], recent: modifiedon, whose: [customerid, effort, code]}",
        "indexes: {fast: [phase, budget]}\nattributes: {budget: {type: integer, required: yes, default: 3}}",
        "states: {2: {label: Held, statuses: {9: Waiting}}}",
        "states: {1: {statuses: {5: Stopped, 4: {delete: yes}}}}",
        "states: {1: {delete: yes}}",
        "transitions: {}",
        "label: Undertaking",
        "primary: code",
        "delete: with data\nviews: {Projects: {delete: yes}}\nprojectcontact: {delete: yes}",
        "entities: {empty: {delete: yes}}",
        "optionsets: {size: {1: Tiny, 3: Huge}}",
        "optionsets: {colour: {1: Red}}",
        "views: {Projects: {query: 'SELECT name FROM project'}}",
        "views: {Projects: {delete: yes}}",
    ]

    /// What is refused, and why.
    static let refused = [
        ("attributes: {name: {length: 20}}", "project.name: 1 record has a longer text."),
        ("attributes: {name: {type: integer}}", "project.name: It names the records and must be a text."),
        (
            "attributes: {code: {type: date}}",
            "project.code: Its type cannot become another one; add another attribute."
        ),
        ("attributes: {code: {required: yes}}", "project.code: It cannot be required: 1 record has no value."),
        ("attributes: {code: {collation: binary}}", "project.code: 'collation' must be general or exact."),
        ("attributes: {effort: {collation: exact}}", "project.effort: 'collation' says nothing about integer"),
        (
            "attributes: {title: {type: calculated, expression: name, result: text, collation: exact}}",
            "project.title: Only texts that are stored have a collation; a computed one has that of its operands."
        ),
        ("attributes: {effort: {maximum: 899}}", "project.effort: 1 record has a value outside."),
        ("attributes: {effort: {minimum: 101}}", "project.effort: 1 record has a value outside."),
        ("attributes: {effort: {minimum: 7, maximum: 6}}", "project.effort: 'minimum' is above 'maximum'."),
        (
            "attributes: {effort: {delete: yes}}",
            "project.effort: 2 records have a value; 'delete: with data' deletes the values too."
        ),
        ("attributes: {effort: {delete: with data}}", "Projects: The view's query does not fit:"),
        (
            "attributes: {effort: {length: 7}}",
            "project.effort: 'length' says nothing about integer, which takes minimum, maximum."
        ),
        (
            "attributes: {effort: {default: 1001}}",
            "project.effort: The default must be a whole number from 0 to 1000, or none."
        ),
        ("attributes: {rate: {digits: 3}}", "project.rate: The digits behind the point cannot change"),
        (
            "attributes: {phase: {options: {1: {delete: yes}}}}",
            "project.phase: Its default is option 1, which would go."
        ),
        (
            "attributes: {phase: {default: none, options: {1: {delete: yes}}}}",
            "project.phase: 2 records have option 1 Idea."
        ),
        ("attributes: {phase: {options: {4: build}}}", "project.phase: Two options are called 'build'."),
        ("attributes: {phase: {options: {4: {}}}}", "project.phase: Option 4 needs a label"),
        (
            "attributes: {phase: {default: Ides}}",
            "project.phase: There is no option 'Ides'; there are 1 Idea, 2 Build, 3 Done."
        ),
        ("attributes: {customerid: {to: account}}", "project.customerid: 1 record refers to contact."),
        (
            "attributes: {customerid: {to: acount}}",
            "project.customerid: There is no entity 'acount'; did you mean 'account'?"
        ),
        (
            "attributes: {customerid: {required: yes, behaviours: {delete: removelink}}}",
            "project.customerid: A required lookup cannot lose its link"
        ),
        (
            "attributes: {customerid: {behaviours: {assign: most}}}",
            "project.customerid: 'assign' must be one of none, all, active, userowned."
        ),
        (
            "attributes: {customerid: {hierarchy: yes}}",
            "project.customerid: Only a lookup to the entity itself makes a hierarchy."
        ),
        (
            "attributes: {phase: {ordered: yes}}",
            "project.phase: Only texts of one line, numbers, dates and moments can be ordered."
        ),
        (
            "attributes: {code: {delete: with data}}",
            "project.code: The key 'code' is made of it; delete the key with it."
        ),
        (
            "attributes: {name: {delete: with data}}\nviews: {Projects: {delete: yes}}",
            "project: A new entity needs 'primary'"
        ),
        ("attributes: {budget: {type: mony}}", "project.budget: There is no type 'mony'; did you mean 'money'?"),
        ("attributes: {budget: {label: x}}", "project.budget: A new attribute needs 'type'"),
        (
            "attributes: {budget: {type: integer, required: yes}}",
            "project.budget: A required attribute needs a default, since there are 2 records without a value."
        ),
        (
            "attributes: {rate: {delete: with data}}",
            "project.below: It cannot be computed: project has no attribute \"rate\""
        ),
        (
            "attributes: {parentid: {delete: yes}}",
            "project.below: It cannot be computed: project.parentid is no lookup to project"
        ),
        (
            "attributes: {below: {where: \"size = 'Larg'\"}}",
            "project.below: It cannot be computed: size has no 'Larg'; it has 'Small', 'Large'."
        ),
        (
            "attributes: {below: {type: money}}",
            "project.below: Its type cannot become another one; add another attribute."
        ),
        (
            "attributes: {total: {type: rollup, over: project.parentid, result: money}}",
            "project.total: A roll-up needs an 'aggregate': one of count, sum, avg, min, max."
        ),
        (
            "attributes: {total: {type: rollup, aggregate: sum, over: project.parentid, result: money}}",
            "project.total: 'aggregate: sum' needs 'of'"
        ),
        (
            "attributes: {total: {type: rollup, aggregate: count, over: project, result: integer}}",
            "project.total: A roll-up needs 'over': the records that refer to this one, as <entity>.<lookup>."
        ),
        (
            "attributes: {total: {type: rollup, aggregate: count, over: project.parentid}}",
            "project.total: 'result' must be one of text, integer"
        ),
        (
            "attributes: {total: {type: rollup, aggregate: count, over: project.parentid, result: integer, required: yes}}",
            "project.total: An attribute that is computed cannot be required."
        ),
        (
            "attributes: {total: {type: rollup, aggregate: count, over: projct.parentid, result: integer}}",
            "project.total: It cannot be computed: there is no entity \"projct\", did you mean project?"
        ),
        (
            "attributes: {total: {type: rollup, aggregate: count, over: project.parentid, where: 'rte > 1', result: integer}}",
            "project.total: It cannot be computed: project has no attribute \"rte\""
        ),
        ("attributes: {Budget: money}", "project: 'Budget' cannot be a name"),
        ("attributes: {versionnumber: {label: x}}", "project.versionnumber: The engine keeps this attribute itself."),
        (
            "attributes: {statecode: {label: x}}",
            "project.statecode: The engine keeps this attribute itself; 'states' declares it."
        ),
        (
            "attributes: {ownerid: {type: lookup, to: account}}",
            "project.ownerid: The name belongs to what 'states' and 'owner' declare."
        ),
        ("attributes: {phasename: text}", "project.phasename: phasename is what 'phase' is called in words."),
        (
            "attributes: {size: {set: sizes}}",
            "project.size: There is no shared option set 'sizes'; did you mean 'size'?"
        ),
        (
            "attributes: {size: {options: {3: Huge}}}",
            "project.size: The options of a shared set are declared under 'optionsets'."
        ),
        (
            "attributes: {second: {type: lookup, to: project, hierarchy: yes}}",
            "project: Two lookups make a hierarchy of it."
        ),
        ("keys: {size: size}", nil),
        ("keys: {phase: phase}", "project.phase: 'phase' has a default and cannot be part of a key."),
        ("keys: {cod: cod}", "project.cod: There is no attribute 'cod'; did you mean 'code'?"),
        ("keys: {code: name}", "project.code: What a key is made of cannot change"),
        ("keys: {externalid: {delete: yes}}", "project.externalid: The engine needs this key itself."),
        ("states: {0: {statuses: {1: {delete: yes}}}}", "project.statuscode: 2 records have option 1 New."),
        (
            "states: {1: {statuses: {2: Busy}}}",
            "project.statuscode: Status 2 belongs to state 0; a status cannot move."
        ),
        ("states: {0: {delete: yes}}", "project.statecode: The initial state cannot go."),
        (
            "transitions: {Nw: Busy}",
            "project.transitions: There is no option 'Nw'; there are 1 New, 2 Busy, 3 Done, 4 Dropped."
        ),
        ("owner: user", "project: The records are owned by the organisation; that cannot change."),
        ("id: theid", "project: The id attribute is projectid; that cannot change."),
        ("primary: effort", "project: 'effort' is no text, so it cannot name a record."),
        ("primary: nam", "project: There is no attribute 'nam'; did you mean 'name'?"),
        (
            "delete: with data\nviews: {Projects: {delete: yes}}",
            "project: projectcontact.projectid refers to it; delete that attribute with it."
        ),
        (
            "entities: {project: {delete: yes}, projectcontact: {delete: yes}}\nviews: {Projects: {delete: yes}}",
            "project: It has 2 records; 'delete: with data' deletes them too."
        ),
        (
            "entities: {project: {delete: with data}, projectcontact: {delete: yes}}",
            "project: The view 'Projects' lists its records; delete the view first."
        ),
        (
            "entities: {systemuser: {delete: yes}}",
            "systemuser: team.createdby refers to it; delete that attribute with it."
        ),
        ("entities: {Project: {attributes: {name: text}}}", "'Project' cannot be a name"),
        ("entities: {new: {label: New}}", "new: A new entity needs 'primary', the text that names a record."),
        ("entities: {pairs: {between: [project, nothing]}}", "pairs: There is no entity 'nothing'."),
        (
            "entities: {projectcontact: {between: [project, account]}}",
            "projectcontact: What the entity pairs cannot change."
        ),
        (
            "entities: {projectcontact: {attributes: {projectid: {delete: yes}}}}",
            "projectcontact.projectid: The key 'pair' is made of it; delete the key with it."
        ),
        ("indexes: {fast: [phase, nme]}", "project.fast: There is no attribute 'nme'; did you mean 'name'?"),
        ("indexes: {fast: [phase, phase]}", "project.fast: An index is made of 1 to 8 different attributes."),
        ("indexes: {fast: []}", "project.fast: An index is made of 1 to 8 different attributes."),
        (
            "attributes: {about: memo}\nindexes: {fast: about}",
            "project.fast: 'about' is of a type that cannot be part of an index."
        ),
        (
            "attributes: {name: {type: memo, ordered: no}}\nindexes: {fast: [phase, name]}",
            "project.fast: 'name' is of a type that cannot be part of an index."
        ),
        (
            "attributes: {unused: {delete: yes}, budget: integer}\nindexes: {fast: [budget, unused]}",
            "project.fast: There is no attribute 'unused'."
        ),
        ("optionsets: {size: {delete: yes}}", "size: project.size use it."),
        ("optionsets: {size: {2: {delete: yes}}}", "project.size: 1 record has option 2 Large."),
        ("optionsets: {colour: {}}", "colour: An option set needs at least one option."),
        ("views: {Bad: {entity: project, query: SELECT nme FROM project}}", "Bad: The view's query does not fit:"),
        (
            "views: {Bad: {entity: projekt, query: SELECT 1}}",
            "Bad: There is no entity 'projekt'; did you mean 'project'?"
        ),
        ("views: {Bad: {entity: project}}", "Bad: A new view needs 'entity' and 'query'."),
    ]
}
