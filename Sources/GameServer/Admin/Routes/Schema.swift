import PluginAPI

/// What a JSON value looks like, as far as callers may rely on it. Objects may hold more members than are named.
///
/// - Source: JSON Schema 2020-12, as OpenAPI 3.1 uses it.
indirect enum Schema: Sendable {
    case string
    /// With the least and the most characters.
    case text(ClosedRange<Int>)
    case integer
    case number
    case boolean
    /// Anything at all.
    case any
    case choice([String])
    case array(Schema)
    case object([Field])
    /// An object whose member names are data.
    case map(Schema)
    case nullable(Schema)
    /// One of `AdminSchemas.all`, by its name.
    case named(String)

    struct Field: Sendable {
        let name: String
        let schema: Schema
        let isRequired: Bool
    }

    var json: JSON {
        switch self {
        case .string: ["type": "string"]
        case .text(let range):
            [
                "type": "string", "minLength": .integer(Int64(range.lowerBound)),
                "maxLength": .integer(Int64(range.upperBound)),
            ]
        case .integer: ["type": "integer"]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .any: [:]
        case .choice(let names): ["type": "string", "enum": .array(names.map(JSON.string))]
        case .array(let element): ["type": "array", "items": element.json]
        case .map(let value): ["type": "object", "additionalProperties": value.json]
        case .nullable(let inner): ["anyOf": [inner.json, ["type": "null"]]]
        case .named(let name): ["$ref": .string("#/components/schemas/\(name)")]
        case .object(let fields):
            [
                "type": "object",
                "properties": .object(fields.map { JSON.Member($0.name, $0.schema.json) }),
                "required": .array(fields.filter(\.isRequired).map { .string($0.name) }),
            ]
        }
    }
}

extension Schema.Field {
    static func always(_ name: String, _ schema: Schema) -> Self { Self(name: name, schema: schema, isRequired: true) }
    static func maybe(_ name: String, _ schema: Schema) -> Self { Self(name: name, schema: schema, isRequired: false) }
}
