package jmap

// linksDescription is what is told of where letters may lead (docs/jmap-links.md).
var linksDescription = description{
	urn:   linksURN,
	table: linkMethods,
	types: []DataType{
		{Name: "LinkRule", Says: "What a head office says of a place on the web (docs/jmap-links.md).", Shape: linkRuleShape, reads: linkRules{}},
	},
}
