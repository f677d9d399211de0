package jmap

// principalsDescription is what is told of people and of what they share (RFC 9670).
var principalsDescription = description{
	urn:   principalsURN,
	table: join(principalMethods, shareMethods),
	types: []DataType{
		{Name: "Principal", Says: "Somebody, or a mailbox, of the directory (RFC 9670 §2).", Shape: principalShape, Kept: true, reads: principals{}, query: principals{},
			Conditions: Shape{
				{"accountIds", "AccountId[]", 0, ""},
				{"email", "string", 0, ""},
				{"name", "string", 0, "words, by their beginnings"},
				{"text", "string", 0, ""},
				{"type", "string", 0, ""},
				{"timeZone", "string", 0, ""}},
			Sorts: []string{"name", "email"}},
		{Name: "ShareNotification", Says: "Rights in a mailbox changed (RFC 9670 §3).", Shape: shareShape, Kept: true, reads: shares{}, query: shares{},
			Conditions: Shape{
				{"after", "UTCDate", 0, "or then"},
				{"before", "UTCDate", 0, ""},
				{"objectType", "string", 0, ""},
				{"objectAccountId", "AccountId", 0, ""}},
			Sorts: []string{"created"}},
	},
	structs: []Struct{
		{Name: "ShareEntity", Says: "Who changed rights (RFC 9670 §3.2).", Shape: Shape{
			{"name", "string", 0, ""}, {"email", "string | null", 0, ""}, {"principalId", "PrincipalId | null", 0, ""}}},
		{Name: "PrincipalsCapability", Says: "What urn:ietf:params:jmap:principals says of an account (RFC 9670 §1.5.1).", Shape: Shape{
			{"currentUserPrincipalId", "PrincipalId | null", 0, ""}}},
	},
	account: "PrincipalsCapability",
}

// ownerDescription is whose an account is (RFC 9670 §1.5.2).
var ownerDescription = description{
	urn: ownerURN,
	structs: []Struct{
		{Name: "OwnerCapability", Says: "Whose an account is (RFC 9670 §1.5.2).", Shape: Shape{
			{"accountIdForPrincipal", "AccountId", 0, ""}, {"principalId", "PrincipalId", 0, ""}}},
	},
	account: "OwnerCapability",
}
