import Foundation
import Yams

/// Holds answers against an OpenAPI document: status, media type, and as much of JSON Schema as the document uses.
struct ContractChecker: @unchecked Sendable {
    // The document is a tree of values that nobody changes after init; Any is why the compiler can't know.
    private let document: [String: Any]

    init(_ text: String) throws {
        document = try Yams.load(yaml: text) as? [String: Any] ?? [:]
    }

    private var paths: [String: Any] { document["paths"] as? [String: Any] ?? [:] }

    /// `GET /v1/usage` and so on.
    var operations: Set<String> {
        let methods = ["get", "post", "put", "delete", "patch"]
        return Set(
            paths.flatMap { path, item in
                ((item as? [String: Any]) ?? [:]).keys.filter(methods.contains).map { "\($0.uppercased()) \(path)" }
            })
    }

    /// The words that a parameter of any method of a path may be, or its items.
    func words(of parameter: String, path: String) -> [String] {
        let item = paths[path] as? [String: Any] ?? [:]
        let operations = [item] + item.values.compactMap { $0 as? [String: Any] }
        let parameters = operations.flatMap { $0["parameters"] as? [Any] ?? [] }.compactMap { resolve($0) }
        let schema = resolve(parameters.first { $0["name"] as? String == parameter }?["schema"])
        return (schema?["enum"] ?? resolve(schema?["items"])?["enum"]) as? [String] ?? []
    }

    /// What is wrong with an answer; empty means nothing.
    func problems(of reply: Reply, method: String, path: String) -> [String] {
        let operation = (paths[path] as? [String: Any])?[method] as? [String: Any]
        guard let responses = operation?["responses"] as? [String: Any] else { return ["no \(method) \(path)"] }
        guard let response = resolve(responses["\(reply.status)"]) else {
            return ["status \(reply.status) is not in the contract: \(reply.text.prefix(200))"]
        }
        guard let content = response["content"] as? [String: Any] else {
            return reply.body.isEmpty ? [] : ["a body where the contract has none"]
        }
        let type = String(reply.contentType.prefix { $0 != ";" })
        guard let media = content[type] as? [String: Any] else {
            return ["media type \(type) is not one of \(content.keys.sorted())"]
        }
        guard type.hasSuffix("json") else { return reply.body.isEmpty ? ["an empty body"] : [] }
        guard let value = try? JSONSerialization.jsonObject(with: Data(reply.body)) else { return ["no JSON"] }
        return check(value, media["schema"], at: "$")
    }

    private func resolve(_ node: Any?) -> [String: Any]? {
        guard let object = node as? [String: Any] else { return nil }
        guard let reference = object["$ref"] as? String else { return object }
        var found: Any? = document
        for part in reference.dropFirst(2).split(separator: "/") { found = (found as? [String: Any])?[String(part)] }
        return resolve(found)
    }

    private func check(_ value: Any, _ schema: Any?, at place: String) -> [String] {
        guard let schema = resolve(schema) else { return ["\(place): no schema"] }
        var problems = checkType(value, schema, at: place)
        if let constant = schema["const"] as? String, value as? String != constant {
            problems.append("\(place): not \(constant)")
        }
        if let listed = schema["enum"] as? [Any], let text = value as? String {
            let allowed = listed.compactMap { $0 as? String }
            if !allowed.contains(text) { problems.append("\(place): \(text) is not one of \(allowed)") }
        }
        if let choices = schema["oneOf"] as? [Any] {
            let failures = choices.map { check(value, $0, at: place) }
            if !failures.contains([]) { problems += failures.first ?? [] }
        }
        if let pattern = schema["pattern"] as? String, let text = value as? String,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            problems.append("\(place): \(text) does not match \(pattern)")
        }
        for part in schema["allOf"] as? [Any] ?? [] { problems += check(value, part, at: place) }
        if let object = value as? [String: Any] { problems += checkMembers(object, schema, at: place) }
        if let array = value as? [Any], let items = schema["items"] {
            for (index, element) in array.enumerated() { problems += check(element, items, at: "\(place)[\(index)]") }
        }
        return problems
    }

    private func checkMembers(_ object: [String: Any], _ schema: [String: Any], at place: String) -> [String] {
        var problems: [String] = []
        for name in schema["required"] as? [String] ?? [] where object[name] == nil {
            problems.append("\(place).\(name) is missing")
        }
        for (name, member) in schema["properties"] as? [String: Any] ?? [:] {
            if let value = object[name] { problems += check(value, member, at: "\(place).\(name)") }
        }
        return problems
    }

    private func checkType(_ value: Any, _ schema: [String: Any], at place: String) -> [String] {
        let types = schema["type"] as? [String] ?? (schema["type"] as? String).map { [$0] } ?? []
        if types.isEmpty { return [] }
        let actual: String
        switch value {
        case is NSNull: actual = "null"
        case is String: actual = "string"
        case is [Any]: actual = "array"
        case is [String: Any]: actual = "object"
        // JSONSerialization makes numbers of both; only booleans have this type of number inside.
        case let number as NSNumber:
            actual = unsafe String(cString: number.objCType) == "c" ? "boolean" : "integer"
        default: actual = "unknown"
        }
        return types.contains(actual) ? [] : ["\(place): \(actual) where \(types) is due"]
    }
}
