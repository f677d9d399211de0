package jmap

// coreMethods are those of urn:ietf:params:jmap:core.
var coreMethods = map[string]method{
	"Core/echo": {coreURN, echo},
}

// echo gives back what it got (RFC 8620 §4).
func echo(c *call) (any, error) {
	out := make(record, len(c.args.members))
	for _, m := range c.args.members {
		out[m.name] = m.value
	}
	return out, nil
}
