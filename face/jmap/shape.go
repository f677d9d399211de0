package jmap

// Shape is the members of an object that goes over the wire, as web/jmap/types.ts tells them.
type Shape []Property

// Property is one member of a shape.
type Property struct {
	Name string
	Type string // in TypeScript, in the words of web/jmap/types.ts, with null where it may be null
	Mark Mark
	Says string // what its name does not say, in one line
}

// Mark says when a member is given, and by whom. Without one a property is given when an object is made or changed; an argument may be left out.
type Mark uint8

// The marks of a property. ServerSet and Immutable are those of RFC 8620 §1.1.
const (
	ServerSet  Mark = 1 << iota // never given by a client
	Immutable                   // given when an object is made, if at all
	Required                    // has to be given
	CreateOnly                  // given when an object is made, and never given back
	UpdateOnly                  // given when an object is changed alone
	Optional                    // of an answer: may be left out
)

// Has reports whether all marks of n are there.
func (m Mark) Has(n Mark) bool { return m&n == n }

// names are the properties that can be asked for.
func (s Shape) names() (names []string) {
	for _, p := range s {
		if !p.Mark.Has(CreateOnly) {
			names = append(names, p.Name)
		}
	}
	return names
}

// Struct is an object that is a value within others.
type Struct struct {
	Name, Says string
	Shape      Shape
	Headers    bool // has header:Name properties too (RFC 8621 §4.1.3)
}

// DataType is a type of data with standard methods (RFC 8620 §1.6.3), as programs are told of it.
type DataType struct {
	Name, Says string
	Shape      Shape
	Kept       bool             // there by itself: no client makes one
	OfPerson   bool             // in no account, and without states: its methods take no accountId (RFC 8620 §7.2)
	Conditions Shape            // of a FilterCondition of /query
	Flat       bool             // /query takes one condition, without operators
	Sorts      []string         // properties by which /query sorts
	SortMore   Shape            // further members of a comparator
	Arguments  map[string]Shape // beyond the standard, by standard method
	Answers    map[string]Shape // likewise
	Usual      []string         // what /get gives where no properties are named; nil: all
	Headers    bool             // has header:Name properties too
	query      querier          // what filters and sorts; nil: no /query
	reads      interface {      // whose properties they are
		Properties() (all, usual []string)
	}
}

// Method is a method that is none of the standard ones, with all of its arguments and answer.
type Method struct {
	Name, Says string
	Arguments  Shape
	Answer     Shape
}
