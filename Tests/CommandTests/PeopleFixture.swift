import Foundation
import Testing

/// Four accounts with everything that makes output difficult.
enum PeopleFixture {
    static let mapping = """
        files:
          - file: accounts.csv
            entity: account
            key: accountnumber
            attributes:
              accountnumber: number
              name: name
              revenue: revenue
              numberofemployees: staff
              description: note
              telephone1: phone
        """

    static let csv = """
        number,name,revenue,staff,note,phone
        A-1,"Smith, ""Jo"" & Co",1234.5,12,,+47 22
        A-2,日本電気,0.0001,7,"two
        lines",
        A-3,Søstrene Grøn,-10,,=1+1,
        A-4,مؤسسة,922337203685477.5807,1,now \u{1B}[31mred,

        """

    /// A folder with a data directory `data` that holds them.
    static func make() async throws -> Folder {
        let folder = try Folder()
        try folder.write(mapping, to: "accounts.yaml")
        try folder.write(csv, to: "accounts.csv")
        let outcome = try await load(in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return folder
    }

    /// Imports the folder's accounts into its data directory.
    @discardableResult
    static func load(in folder: Folder) async throws -> Outcome {
        try await kith("import", "--at", "data", "--mapping", "accounts.yaml", "accounts.csv", in: folder)
    }
}
