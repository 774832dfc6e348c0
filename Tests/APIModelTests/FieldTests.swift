import Foundation
import Scopes
import Testing
import TextFormats

@testable import APIModel

/// A row with a field of every kind.
private struct Sample: APITable {
    var name = ""
    var entity: [NamedText] = []
    var rank: Int?
    var amount = Amount()
    var change: Change?
    var part = Part()
    var extra: Extra?
    var note: String?
    var nested = Nested()

    init() {}

    static let fields: [Field<Sample>] = [
        Field("name", \.name, en: "Name", zh: "名称", means: "Of the sample."),
        .named(\.entity, among: ["provider", "model"], isNullable: true),
        Field("rank", \.rank, en: "#", zh: "#", isBlank: true),
        Field("amount", \.amount, en: "Amount", zh: "数量"),
        Field("change", \.change, en: "Change", zh: "变化"),
        .group(\.part),
        .groupWhenSet(\.extra),
        .whenSet("note", \.note, csv: .left),
        Field("nested", \.nested),
    ]

    private static let layout: CSVLayout<Sample, Sample> = [
        .row(columns.upTo(\.part.rest)),
        .row(Nested.columns.at(\.nested, named: "nested")),
        .row(columns.from(\.part.rest)),
    ]

    var csv: CSVWriter { Self.layout.csv(of: self, rows: [self], names: entity.map(\.name)) }
}

private struct Part: APIObject {
    var count = Count()
    var rest = Count()

    init() {}

    static let fields: [Field<Part>] = [
        Field("count", \.count, en: "Count", zh: "计数"), Field("rest", \.rest, hidesZeros: true),
    ]
}

private struct Extra: APIObject {
    var kind = ""
    var percent: Percent?

    init() {}

    static let fields: [Field<Extra>] = [
        Field("kind", \.kind, values: ["a", "b"]), Field("percent", \.percent, en: "Percent", zh: "百分比"),
    ]
}

private struct Nested: APIObject {
    var id = 0
    var list: [String] = []

    init() {}

    static let fields: [Field<Nested>] = [Field("id", \.id, csv: .named("")), Field("list", \.list)]
}

@Suite struct FieldTests {
    private static let whole = Sample {
        $0.name = "=sum(1)"
        $0.entity = [NamedText("provider", "aliyun")]
        $0.rank = 3
        $0.amount = Amount("340282366920938463463374607431768211455")
        $0.change = Change("+12.5")
        $0.part = Part {
            $0.count = Count(UInt128.max)
            $0.rest = Count(0)
        }
        $0.extra = Extra {
            $0.kind = "a"
            $0.percent = Percent("-0.1")
        }
        $0.note = "a \"note\""
        $0.nested = Nested {
            $0.id = 7
            $0.list = ["x", "y"]
        }
    }

    private static let bare = Sample {
        $0.name = "bare"
        $0.amount = Amount("0")
        $0.part = Part {
            $0.count = Count(1)
            $0.rest = Count(0)
        }
        $0.nested = Nested { $0.id = 8 }
    }

    private static func text(_ value: some APIObject) -> String { String(decoding: value.json, as: UTF8.self) }

    private static func decoded(_ json: String) throws -> Sample {
        try JSONDecoder().decode(Sample.self, from: Data(json.utf8))
    }

    @Test func `counts are decimal strings and members stand in the order of the list`() {
        let most = "340282366920938463463374607431768211455"
        #expect(
            Self.text(Self.whole)
                == #"{"name":"=sum(1)","provider":"aliyun","rank":3,"amount":"\#(most)","change":"+12.5","count":"\#(most)","#
                + #""rest":"0","kind":"a","percent":"-0.1","note":"a \"note\"","nested":{"id":7,"list":["x","y"]}}"#)
    }

    @Test func `null is written and what is there only when it is set is not`() {
        #expect(
            Self.text(Self.bare)
                == #"{"name":"bare","rank":null,"amount":"0","change":null,"count":"1","rest":"0","#
                + #""nested":{"id":8,"list":[]}}"#)
    }

    @Test(arguments: [true, false])
    func `what is written is read again`(_ isWhole: Bool) throws {
        let sample = isWhole ? Self.whole : Self.bare
        #expect(try Self.decoded(Self.text(sample)) == sample)
    }

    @Test(arguments: ["name", "amount", "count", "nested"])
    func `a missing member is named`(_ member: String) throws {
        let json = Self.text(Self.whole).replacing("\"\(member)\":", with: "\"another\":")
        do {
            _ = try Self.decoded(json)
            Issue.record("\(member) was not missed")
        } catch DecodingError.keyNotFound(let key, _) {
            #expect(key.stringValue == member)
        }
    }

    @Test func `a member of another type is named`() throws {
        let json = Self.text(Self.whole).replacing("\"rank\":3", with: "\"rank\":\"third\"")
        do {
            _ = try Self.decoded(json)
            Issue.record("a rank in words was taken")
        } catch DecodingError.typeMismatch(_, let context) {
            #expect(context.codingPath.map(\.stringValue) == ["rank"])
        }
    }

    @Test func `members that a later server adds do no harm`() throws {
        let json = Self.text(Self.whole).replacing("{\"name\"", with: "{\"later\":[1],\"name\"")
        #expect(try Self.decoded(json) == Self.whole)
    }

    @Test func `CSV cells guard text and keep numbers plain`() {
        #expect(
            Self.whole.csv.text
                == "name,provider,rank,amount,change,count,nested,nested_list,rest,kind,percent\r\n"
                + "'=sum(1),aliyun,3,340282366920938463463374607431768211455,12.5,"
                + "340282366920938463463374607431768211455,7,x y,0,a,-0.1\r\n")
        var unnamed = Self.bare
        unnamed.entity = [NamedText("model", nil)]
        #expect(
            unnamed.csv.text
                == "name,model,rank,amount,change,count,nested,nested_list,rest,kind,percent\r\nbare,,,0,,1,8,,0,,\r\n")
    }

    @Test func `headings come in both languages`() {
        let headings = Sample.columns.compactMap(\.heading)
        #expect(headings.map(\.en) == ["Name", "#", "Amount", "Change", "Count", "Percent"])
        #expect(headings.map(\.zh) == ["名称", "#", "数量", "变化", "计数", "百分比"])
        #expect(Sample.columns[\.amount].isNumber && !Sample.columns[\.name].isNumber)
    }

    @Test func `cells for people know what they are`() {
        let columns = Sample.columns
        #expect(columns[\.amount].displayValue(Self.bare) == .count("0"))
        #expect(columns[\.change].displayValue(Self.whole) == .change("+12.5"))
        #expect(columns[\.rank].displayValue(Self.bare) == .missing && columns[\.rank].isBlank)
        #expect(columns[\.part.rest].isPresent?(Self.whole) == false)
        #expect(columns.last?.isPresent?(Self.whole) == true && columns.last?.isPresent?(Self.bare) == false)
    }

    @Test func `the schema says what is always there and what may be null`() {
        let members = Sample.schemaMembers
        #expect(
            members.map(\.name) == [
                "name", "provider", "model", "rank", "amount", "change", "count", "rest", "kind", "percent", "note",
                "nested",
            ])
        #expect(
            members.filter { !$0.isRequired }.map(\.name) == ["provider", "model", "kind", "percent", "note"])
        #expect(members[0].description == "Of the sample.")
        #expect("\(members[3].schema)" == "nullable(APIModel.Schema.integer)")
        guard case .text(let kind) = members[8].schema else {
            Issue.record("a kind is no text")
            return
        }
        #expect(kind.values == ["a", "b"])
    }
}
