package jmap

// quotaDescription is what is told of quotas (RFC 9425).
var quotaDescription = description{
	urn:   quotaURN,
	table: quotaMethods,
	types: []DataType{
		{Name: "Quota", Says: "What an account holds, and how much it may (RFC 9425).", Shape: quotaShape, Kept: true, reads: quotas{}, query: quotas{},
			Conditions: Shape{
				{"name", "string", 0, ""},
				{"scope", "string", 0, ""},
				{"resourceType", "string", 0, ""},
				{"type", "string", 0, "of data that it counts"}},
			Sorts:   []string{"name", "used"},
			Answers: map[string]Shape{"changes": {{"updatedProperties", "(keyof Quota)[] | null", 0, "null: any of them"}}}},
	},
}
