// Where the demonstration's people and companies live: names, streets, towns and company words per country.
//
// The lists were written for this project: common given and family names of each language, invented company names, and a
// few well-known towns. Any likeness to real people or companies is chance; mail domains end in `.example`, which nobody
// can own.

/// One country's words.
package struct DemoCulture: Sendable {
    package struct Town: Sendable {
        package var name: String
        package var province: String
        /// Thousandths of a degree.
        package var latitude: Int
        package var longitude: Int
    }

    package var country: String
    package var dialCode: String
    /// Place in `DemoWords.regions`.
    package var region: Int
    package var givenNames: [String]
    package var familyNames: [String]
    package var towns: [Town]
    /// Streets with `#` where the house number stands.
    package var streets: [String]
    /// Digits of a postal code, `9` standing for any digit.
    package var postalPattern: String
    package var companyStems: [String]
    /// One word per industry, in the order of `DemoWords.industries`.
    package var companyTrades: [String]
    package var companyForms: [String]

    private init(
        _ country: String,
        dial: String,
        region: Int,
        given: String,
        family: String,
        towns: [Town],
        streets: String,
        postal: String,
        stems: String,
        trades: String,
        forms: String
    ) {
        self.country = country
        dialCode = dial
        self.region = region
        givenNames = DemoWords.list(given)
        familyNames = DemoWords.list(family)
        self.towns = towns
        self.streets = DemoWords.list(streets)
        postalPattern = postal
        companyStems = DemoWords.list(stems)
        companyTrades = DemoWords.list(trades)
        companyForms = DemoWords.list(forms)
        precondition(companyTrades.count == DemoWords.industries.count)
    }

    private static func town(_ name: String, _ province: String, _ latitude: Int, _ longitude: Int) -> Town {
        Town(name: name, province: province, latitude: latitude, longitude: longitude)
    }

    /// All countries. A country's place is part of what the generator derives from a seed: append only.
    package static let all: [DemoCulture] = [
        germany, sweden, france, unitedStates, poland, spain, unitedKingdom, italy, netherlands, czechia, finland,
        portugal,
        turkiye, japan, brazil, india,
    ]

    /// How often accounts lie in each country of `all`.
    package static let weights = [16, 8, 10, 12, 6, 7, 9, 7, 6, 4, 3, 3, 3, 3, 4, 3]

    private static let germany = DemoCulture(
        "Germany",
        dial: "+49",
        region: 1,
        given: "Anke|Björn|Cornelia|Detlef|Elke|Florian|Günther|Heike|Jörg|Katrin|Lena|Matthias|Nele|Ralf|Sören|Ulrike",
        family: "Albers|Brückner|Dörfler|Eichhorn|Fährmann|Grünwald|Hübner|Jäger|Köster|Lüdemann|Möhring|Nörenberg"
            + "|Petersen|Rößler|Schäfer|Thießen|Vogelsang|Weißmann",
        towns: [
            town("Hamburg", "Hamburg", 53551, 9994), town("München", "Bayern", 48137, 11575),
            town("Köln", "Nordrhein-Westfalen", 50938, 6960), town("Tübingen", "Baden-Württemberg", 48520, 9056),
        ],
        streets: "Lindenstraße #|Am Mühlgraben #|Gewerbering #|Schützenweg #|Fährkai #|Industriestraße #",
        postal: "99999",
        stems: "Nordwacht|Hellbrück|Tannhof|Grauberg|Silberbach|Wulfsen|Kranich|Ostermoor|Lahnstern|Drosselberg",
        trades: "Maschinenbau|Logistik|Feinkost|Hochbau|Medizintechnik|Warenhaus|Großhandel|Beratung",
        forms: "GmbH|AG|GmbH & Co. KG"
    )

    private static let sweden = DemoCulture(
        "Sweden",
        dial: "+46",
        region: 0,
        given: "Åsa|Björn|Elin|Fredrik|Göran|Hanna|Jörgen|Karin|Lars|Märta|Nils|Örjan|Pernilla|Sven|Tove|Ylva",
        family: "Ahlgren|Bäckström|Ekström|Forsgren|Grönlund|Hägg|Johnsdotter|Källström|Löfgren|Nyström|Öberg|Palmqvist"
            + "|Sjöholm|Törnblom|Wikström|Åkerlind",
        towns: [
            town("Malmö", "Skåne", 55605, 13004), town("Göteborg", "Västra Götaland", 57709, 11975),
            town("Örebro", "Örebro län", 59275, 15213),
        ],
        streets: "Storgatan #|Hamnvägen #|Björkallén #|Kvarngatan #|Södra Kajen #",
        postal: "999 99",
        stems: "Norrsken|Älvkraft|Granholm|Skärvik|Björkö|Tallåsen|Vintersund|Havsörn|Ljungdal|Stenvik",
        trades: "Mekaniska|Frakt|Livsmedel|Bygg|Vårdteknik|Handel|Grossist|Rådgivning",
        forms: "AB|AB (publ)|Handelsbolag"
    )

    private static let france = DemoCulture(
        "France",
        dial: "+33",
        region: 2,
        given:
            "Amélie|Benoît|Chloé|Damien|Élodie|François|Gaëlle|Hélène|Jérôme|Loïc|Maëlle|Noël|Océane|Rémi|Sébastien|Zoé",
        family: "Aubertin|Béranger|Chevrier|Delaunay|Évrard|Fontanel|Guérin|Hénault|Jolivet|Lefèvre|Mérieux|Noblécourt"
            + "|Péronnet|Quéré|Rousselot|Thévenin",
        towns: [
            town("Lyon", "Auvergne-Rhône-Alpes", 45764, 4836), town("Nantes", "Pays de la Loire", 47218, -1554),
            town("Besançon", "Bourgogne-Franche-Comté", 47238, 6024),
        ],
        streets: "# rue des Tilleuls|# quai de l'Écluse|# avenue du Marché|# allée des Forges|# chemin Vert",
        postal: "99999",
        stems: "Clairval|Montrêve|Beaufroid|Rochenoire|Argelière|Valtourne|Sablonne|Hautepierre|Orfeuil|Brumeaux",
        trades: "Mécanique|Transports|Gourmets|Bâtiment|Santé|Magasins|Négoce|Conseil",
        forms: "SA|SARL|SAS"
    )

    private static let unitedStates = DemoCulture(
        "United States",
        dial: "+1",
        region: 3,
        given:
            "Abigail|Brandon|Camila|Derek|Evelyn|Frank|Grace|Hector|Isaiah|Josephine|Keisha|Logan|Maya|Nolan|Paige|Zachary",
        family: "Abernathy|Blackwell|Castellanos|Dunmore|Eastman|Fairbanks|Guthrie|Hollister|Ingram|Kowalczyk|Lockhart"
            + "|Mendoza|Nakamura|O'Rourke|Pemberton|Whitfield",
        towns: [
            town("Portland", "OR", 45515, -122_679), town("Milwaukee", "WI", 43039, -87906),
            town("Raleigh", "NC", 35780, -78639), town("Albuquerque", "NM", 35084, -106_650),
        ],
        streets: "# Cedar Mill Road|# Harbor Avenue|# Old Foundry Lane|# Prairie Street|# Commerce Park Drive",
        postal: "99999",
        stems:
            "Brightwater|Copper Ridge|Redfern|Stonegate|Lakemont|Ironwood|Bluestem|Harborview|Silver Birch|Tall Pines",
        trades: "Machine Works|Freight|Foods|Builders|Health Systems|Stores|Supply|Advisors",
        forms: "Inc.|LLC|Corp."
    )

    private static let poland = DemoCulture(
        "Poland",
        dial: "+48",
        region: 1,
        given:
            "Agnieszka|Bartłomiej|Czesław|Dorota|Elżbieta|Grażyna|Jędrzej|Kamil|Łukasz|Małgorzata|Paweł|Róża|Stanisław|Żaneta",
        family:
            "Bąk|Cieślak|Dąbrowiecki|Gąsior|Jóźwik|Kołodziej|Łęcki|Mróz|Nowiński|Piątek|Różański|Szczęsny|Wójtowicz|Żurek",
        towns: [
            town("Kraków", "Małopolskie", 50065, 19945), town("Gdańsk", "Pomorskie", 54352, 18646),
            town("Łódź", "Łódzkie", 51759, 19456),
        ],
        streets: "ul. Lipowa #|ul. Młyńska #|ul. Portowa #|al. Jesionowa #|ul. Żelazna #",
        postal: "99-999",
        stems: "Wilczyce|Srebrny Las|Dębowiec|Żurawie|Kamienna|Zielonka|Brzozów|Jastrząb|Modrzew|Złota Góra",
        trades: "Maszyny|Spedycja|Spiżarnia|Budowa|Medyka|Sklepy|Hurtownia|Doradztwo",
        forms: "Sp. z o.o.|S.A.|Sp.k."
    )

    private static let spain = DemoCulture(
        "Spain",
        dial: "+34",
        region: 2,
        given:
            "Álvaro|Begoña|Concepción|Adrián|Inés|Íñigo|José|Lucía|Mónica|Nuño|Óscar|Pilar|Ramón|Sofía|Úrsula|Víctor",
        family: "Arístegui|Benítez|Cañizares|Domínguez|Echeverría|Fernández|Ibáñez|Jiménez|Lacruz|Muñoz|Núñez|Ordóñez"
            + "|Peñalver|Quirós|Villagrán|Zúñiga",
        towns: [
            town("Málaga", "Andalucía", 36721, -4422), town("A Coruña", "Galicia", 43362, -8411),
            town("Zaragoza", "Aragón", 41649, -889),
        ],
        streets: "Calle del Olmo #|Avenida del Puerto #|Plaza de la Fuente #|Camino Viejo #|Paseo de las Peñas #",
        postal: "99999",
        stems: "Valdemora|Peñarrubia|Solana|Montefrío|Almenara|Ribera Alta|Fuentenueva|Cigüeña|Campoverde|Torrealba",
        trades: "Maquinaria|Transportes|Alimentación|Construcciones|Sanidad|Almacenes|Distribución|Consultoría",
        forms: "S.A.|S.L.|S.L.U."
    )

    private static let unitedKingdom = DemoCulture(
        "United Kingdom",
        dial: "+44",
        region: 0,
        given:
            "Alastair|Bronwen|Callum|Deirdre|Eleanor|Fergus|Gwendolyn|Harriet|Imogen|Jasper|Morag|Nigel|Poppy|Rhys|Siân|Tamsin",
        family:
            "Ashworth|Braithwaite|Cavendish|Duckworth|Entwistle|Fairweather|Gallagher|Hargreaves|Llewellyn|MacAllister"
            + "|Ní Dhonnchú|Oakeshott|Pritchard|Quigley|Thistlewood|Winterbourne",
        towns: [
            town("Leeds", "West Yorkshire", 53801, -1549), town("Bristol", "Bristol", 51455, -2588),
            town("Inverness", "Highland", 57478, -4225),
        ],
        streets: "# Mill Lane|# Station Approach|# Weavers Row|# Castle Wynd|# Quayside",
        postal: "XX9 9XX",
        stems: "Thornbury|Larkhill|Greyfriars|Marlow & Pike|Foxglove|Hartwell|Kestrel|Oldbridge|Pennine|Wrenfield",
        trades: "Engineering|Haulage|Provisions|Construction|Healthcare|Retail|Wholesale|Consulting",
        forms: "Ltd|plc|LLP"
    )

    private static let italy = DemoCulture(
        "Italy",
        dial: "+39",
        region: 2,
        given:
            "Alessia|Bruno|Chiara|Dario|Elisabetta|Fabrizio|Ginevra|Leonardo|Marcella|Niccolò|Ottavia|Pierluigi|Salvatore|Vittoria",
        family:
            "Abbatangelo|Bellandi|Cavalcanti|D'Alò|Fiorentini|Gallorini|Lo Presti|Montanaro|Nicolò|Palmisano|Ruggeri"
            + "|Santoro|Tedeschi|Zanobini",
        towns: [
            town("Torino", "Piemonte", 45070, 7687), town("Bologna", "Emilia-Romagna", 44494, 11343),
            town("Forlì", "Emilia-Romagna", 44222, 12041),
        ],
        streets: "Via dei Tigli #|Corso Vecchio #|Via del Mulino #|Piazza Nuova #|Viale della Libertà #",
        postal: "99999",
        stems: "Montechiaro|Roccabruna|Valdoro|Acquaviva|Belforte|Castelnero|Fontebella|Pietralta|Solemare|Serenità",
        trades: "Meccanica|Trasporti|Alimentari|Costruzioni|Salute|Magazzini|Ingrosso|Consulenza",
        forms: "S.p.A.|S.r.l.|S.n.c."
    )

    private static let netherlands = DemoCulture(
        "Netherlands",
        dial: "+31",
        region: 0,
        given:
            "Anouk|Bram|Daniël|Eefje|Floortje|Gijs|Hanneke|Joost|Koen|Liesbeth|Marijn|Noëlle|Pieter|Roos|Sjoerd|Tess",
        family: "Aalbers|van den Berg|de Bruijn|ter Haar|Hoekstra|Kloosterman|van der Linden|Mulder|Oosterhuis|Prinsen"
            + "|de Reuver|Scheepers|Terpstra|van 't Veer|Wiersma|Zijlstra",
        towns: [
            town("Utrecht", "Utrecht", 52091, 5122), town("Groningen", "Groningen", 53219, 6568),
            town("'s-Hertogenbosch", "Noord-Brabant", 51697, 5304),
        ],
        streets: "Molenweg #|Havenkade #|Eikenlaan #|Nieuwe Gracht #|Dijkstraat #",
        postal: "9999 XX",
        stems:
            "Zeearend|Poldermeer|Waterlinie|De Ketting|Duinrand|Zilverberk|Kraanvogel|Westerwolde|Noordster|IJsselkade",
        trades: "Machines|Vervoer|Voeding|Bouw|Zorg|Winkels|Groothandel|Advies",
        forms: "B.V.|N.V.|V.O.F."
    )

    private static let czechia = DemoCulture(
        "Czechia",
        dial: "+420",
        region: 1,
        given:
            "Alžběta|Bořek|Čeněk|Dagmar|Eliška|Františka|Jiří|Kateřina|Luboš|Matěj|Ondřej|Růžena|Štěpán|Tomáš|Věra|Zdeněk",
        family:
            "Beránek|Čermák|Dvořáček|Fiala|Havlíček|Jelínek|Kadlec|Kučera|Mareš|Němec|Pokorný|Řezníček|Šťastný|Vondráček|Žáček",
        towns: [
            town("Brno", "Jihomoravský kraj", 49195, 16608), town("Plzeň", "Plzeňský kraj", 49747, 13378),
            town("Olomouc", "Olomoucký kraj", 49594, 17251),
        ],
        streets: "Lipová #|Mlýnská #|Nádražní #|Na Hrázi #|Průmyslová #",
        postal: "999 99",
        stems: "Bílá Skála|Jestřáb|Kamenice|Lesní Pramen|Modrá Hora|Ořechov|Stříbrná|Tisová|Vltavín|Žlutice",
        trades: "Strojírna|Doprava|Potraviny|Stavby|Zdraví|Obchod|Velkoobchod|Poradenství",
        forms: "s.r.o.|a.s.|k.s."
    )

    private static let finland = DemoCulture(
        "Finland",
        dial: "+358",
        region: 0,
        given: "Aino|Eero|Hanna-Mari|Ilkka|Jyrki|Kyllikki|Lauri|Mäiju|Outi|Päivi|Risto|Sanni|Tuomas|Väinö",
        family:
            "Aaltonen|Hämäläinen|Järvelä|Kärkkäinen|Lehtimäki|Mäkiranta|Niemelä|Pöysti|Rönkkö|Säynäjä|Väisänen|Ylönen",
        towns: [
            town("Tampere", "Pirkanmaa", 61498, 23761), town("Jyväskylä", "Keski-Suomi", 62242, 25747),
            town("Hämeenlinna", "Kanta-Häme", 60996, 24464),
        ],
        streets: "Koivukatu #|Satamatie #|Myllytie #|Rantakatu #|Järvitie #",
        postal: "99999",
        stems: "Pohjantähti|Järvikylä|Hopeavirta|Koskenranta|Sinipöllö|Karhula|Tunturi|Metsävaara|Hiidenmaa|Lumikko",
        trades: "Konepaja|Kuljetus|Ruoka|Rakennus|Terveys|Kauppa|Tukku|Neuvonta",
        forms: "Oy|Oyj|Ky"
    )

    private static let portugal = DemoCulture(
        "Portugal",
        dial: "+351",
        region: 2,
        given:
            "Adélia|Antão|Beatriz|Catarina|Duarte|Estêvão|Filipa|Gonçalo|Inês|João|Leonor|Mafalda|Nuno|Simão|Verónica",
        family:
            "Abrantes|Brandão|Cordeiro|Falcão|Guimarães|Leitão|Magalhães|Nóbrega|Patrício|Quintão|Salvação|Teixeira|Vilaça",
        towns: [
            town("Porto", "Norte", 41150, -8611), town("Évora", "Alentejo", 38571, -7914),
            town("Setúbal", "Lisboa", 38524, -8893),
        ],
        streets: "Rua das Oliveiras #|Avenida da Estação #|Largo do Poço #|Travessa do Açude #|Rua Nova #",
        postal: "9999-999",
        stems:
            "Pedra Alta|Ribeiro Manso|Serra d'Ouro|Farol Velho|Andorinha|Monte Claro|Quinta Nova|Maré Cheia|Cegonha|Vale Fundo",
        trades: "Máquinas|Transportes|Mercearia|Construção|Saúde|Armazéns|Grossista|Consultoria",
        forms: "S.A.|Lda.|Unipessoal Lda."
    )

    private static let turkiye = DemoCulture(
        "Türkiye",
        dial: "+90",
        region: 2,
        given: "Ayşe|Barış|Çağla|Deniz|Emine|Gökhan|Hüseyin|İpek|Kıvanç|Leyla|Özge|Rüya|Şebnem|Tuğrul|Ümit|Yiğit",
        family:
            "Akyüz|Bozdağ|Çelikel|Doğanay|Erdoğmuş|Güneş|İnönlü|Karagöz|Özdemirci|Sarıkaya|Şimşekoğlu|Türkmen|Üstün|Yıldırımer",
        towns: [
            town("İzmir", "İzmir", 38419, 27129), town("Eskişehir", "Eskişehir", 39777, 30520),
            town("Muğla", "Muğla", 37215, 28364),
        ],
        streets: "Çınar Sokak No: #|Liman Caddesi No: #|Değirmen Yolu No: #|Gül Sokağı No: #",
        postal: "99999",
        stems: "Kuzeyışık|Gümüşdere|Akçam|Mavişehir|Demirkapı|Yıldızhan|Karaçam|Altınova|Leylek|Söğütözü",
        trades: "Makina|Nakliyat|Gıda|İnşaat|Sağlık|Mağazacılık|Toptan|Danışmanlık",
        forms: "A.Ş.|Ltd. Şti."
    )

    private static let japan = DemoCulture(
        "Japan",
        dial: "+81",
        region: 3,
        given: "Akiko|Daichi|Emi|Haruto|Jun'ichi|Kaori|Kōhei|Mayumi|Naoki|Ryōta|Sakura|Shōta|Tomoko|Yūji|Yūka",
        family:
            "Andō|Fujimori|Gotō|Hayashida|Inōe|Katō|Kurosawa|Maehara|Nishimura|Ōtsuka|Saitō|Takenaka|Utsugi|Yamashiro",
        towns: [
            town("Kōbe", "Hyōgo", 34690, 135_196), town("Sendai", "Miyagi", 38268, 140_869),
            town("Kanazawa", "Ishikawa", 36561, 136_656),
        ],
        streets: "#-4 Sakuragi-chō|#-12 Minato-dōri|#-7 Kitamachi|#-2 Hon-chō",
        postal: "999-9999",
        stems: "Aoyagi|Hoshizora|Kazahana|Midorikawa|Tsurumi|Umineko|Yukimura|Shirakaba|Akatsuki|Namihei",
        trades: "Kikai|Unyu|Shokuhin|Kensetsu|Iryō|Shōten|Shōji|Sōgō Kenkyūjo",
        forms: "K.K.|G.K."
    )

    private static let brazil = DemoCulture(
        "Brazil",
        dial: "+55",
        region: 3,
        given:
            "Aurélio|Bárbara|Cauã|Débora|Fabrício|Graça|Heloísa|Ítalo|Júlia|Letícia|Márcio|Natália|Otávio|Thaís|Vinícius",
        family:
            "Assunção|Barreto|Camargo|Damasceno|Figueirêdo|Gonçalves|Holanda|Jordão|Lacerda|Mourão|Paixão|Queiroz|Sampaio|Valadão",
        towns: [
            town("Curitiba", "PR", -25429, -49267), town("Belém", "PA", -1456, -48490),
            town("Florianópolis", "SC", -27595, -48548),
        ],
        streets: "Rua das Araucárias, #|Avenida do Porto, #|Rua São Benedito, #|Alameda dos Ipês, #",
        postal: "99999-999",
        stems: "Ipê Amarelo|Jacarandá|Serra Azul|Boa Maré|Tucano|Pedra Branca|Araçá|Rio Fundo|Ouro Fino|Capivari",
        trades: "Máquinas|Transportes|Alimentos|Engenharia|Saúde|Lojas|Atacado|Consultoria",
        forms: "S.A.|Ltda."
    )

    private static let india = DemoCulture(
        "India",
        dial: "+91",
        region: 3,
        given:
            "Aditi|Bhavesh|Chitra|Devendra|Gauri|Harish|Ishaan|Kavya|Lakshmi|Manoj|Nandini|Pranav|Rohini|Suresh|Tara|Vikram",
        family:
            "Acharya|Bhattacharjee|Chandran|Deshpande|Gokhale|Iyengar|Joshi|Kulkarni|Menon|Nambiar|Patwardhan|Raghunathan|Sengupta|Thakkar",
        towns: [
            town("Pune", "Maharashtra", 18520, 73857), town("Kochi", "Kerala", 9931, 76267),
            town("Mysuru", "Karnataka", 12296, 76639),
        ],
        streets: "# Lake View Road|# Temple Street|# Mill Compound|# Residency Cross",
        postal: "999999",
        stems: "Neelgiri|Suryodaya|Chandanvan|Himadri|Sagarika|Vasant|Mayura|Trishul|Amaltas|Godavari",
        trades: "Machine Tools|Roadways|Foods|Infrastructure|Healthcare|Bazaar|Traders|Consultants",
        forms: "Pvt. Ltd.|Ltd."
    )
}
