// Package legal is the legal particulars of who runs a premises: what the law has every business letter and e-mail say of it (Companies Act 2006 s. 82 and Part
// 41; SI 2015/17 regs 24 and 25; Rules 11), and whether they are complete.
package legal

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/platform/policy"
)

// Kind is what sort of business it is.
type Kind string

// The kinds of business. What each has to say differs.
const (
	Company     Kind = "company"
	LLP         Kind = "llp"
	Trader      Kind = "trader"      // a sole trader under a business name
	Partnership Kind = "partnership" // partners under a business name
	OwnNames    Kind = "own-names"   // under the own surnames alone
)

// Kinds are all of them, in the order in which they are offered.
var Kinds = []Kind{Company, LLP, Trader, Partnership, OwnNames}

// Parts are the parts of the United Kingdom in which companies are registered.
var Parts = []string{"England and Wales", "Wales", "Scotland", "Northern Ireland"}

// Particulars are what an owner has written down. Which fields count depends on the kind; the others are empty.
type Particulars struct {
	Kind Kind `json:"kind"`

	// Of a company and a limited liability partnership.
	Name   string `json:"name,omitempty"`   // registered; of a trader and a partnership the business name
	Part   string `json:"part,omitempty"`   // of the United Kingdom
	Number string `json:"number,omitempty"` // 8 characters
	Office string `json:"office,omitempty"` // registered

	Exempt     bool   `json:"exempt,omitempty"`     // limited, and exempt from saying so in its name
	Community  bool   `json:"community,omitempty"`  // a community interest company
	Investment bool   `json:"investment,omitempty"` // an investment company
	PaidUp     string `json:"paid_up,omitempty"`    // paid-up share capital, where letters mention share capital

	// Of a trader and a partnership.
	Names     []string `json:"names,omitempty"`     // of all owners; of more than policy.Organisation.LegalNames partners none
	Address   string   `json:"address,omitempty"`   // for service of documents
	Principal string   `json:"principal,omitempty"` // place of business, where the list of partners can be inspected
}

// Fault is what is wrong with one field.
type Fault struct {
	Field string // as in Particulars' JSON
	haven.Verdict
}

var (
	companyNumber = regexp.MustCompile(`^(?:[0-9]{8}|(?:SC|NI)[0-9]{6})$`)
	llpNumber     = regexp.MustCompile(`^(?:OC|SO|NC)[0-9]{6}$`)
	registers     = map[string]string{"SC": "Scotland", "SO": "Scotland", "NI": "Northern Ireland", "NC": "Northern Ireland"}
	saysLimited   = regexp.MustCompile(`(?i)\b(?:limited|ltd|plc|cyfyngedig|cyf|ccc|cic|cbc)\.?$`)
)

// Tidy is what somebody typed without spaces around, empty lines, and what does not belong to the kind.
func Tidy(p Particulars) Particulars {
	one := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	out := Particulars{Kind: p.Kind}
	switch p.Kind {
	case Company, LLP:
		out.Name, out.Part, out.Office = one(p.Name), one(p.Part), one(p.Office)
		out.Number = strings.ToUpper(strings.Join(strings.Fields(p.Number), ""))
		if p.Kind == Company {
			out.Exempt, out.Community, out.Investment, out.PaidUp = p.Exempt, p.Community, p.Investment, one(p.PaidUp)
		}
	case Trader, Partnership:
		out.Name, out.Address = one(p.Name), one(p.Address)
		for _, n := range p.Names {
			if n = one(n); n != "" {
				out.Names = append(out.Names, n)
			}
		}
		if p.Kind == Partnership {
			out.Principal = one(p.Principal)
		}
	}
	return out
}

// Check is every fault of particulars that Tidy has gone over; none where they say what the law asks for.
func Check(p Particulars, most policy.Organisation) (faults []Fault) {
	bad := func(field string, rule haven.Rule, say string) {
		faults = append(faults, Fault{field, haven.Refuse(rule, say)})
	}
	for _, f := range []struct{ field, value string }{{"name", p.Name}, {"office", p.Office}, {"address", p.Address}, {"principal", p.Principal}, {"paid_up", p.PaidUp}, {"names", strings.Join(p.Names, "")}} {
		if utf8.RuneCountInString(f.value) > most.LegalRunes*max(1, len(p.Names)) {
			bad(f.field, "legal.long", "This is longer than it can be. Write it shorter.")
		}
		if strings.ContainsFunc(f.value, func(r rune) bool {
			return r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		}) {
			bad(f.field, "legal.signs", "There is a sign in it that can't be printed. Type it again.")
		}
	}
	switch p.Kind {
	case Company, LLP:
		registered(p, bad)
	case Trader, Partnership:
		named(p, most, bad)
	case OwnNames:
	default:
		bad("kind", "legal.kind", "Say what sort of business it is")
	}
	return faults
}

func registered(p Particulars, bad func(field string, rule haven.Rule, say string)) {
	if p.Name == "" {
		bad("name", "legal.name", "Enter the registered name, as Companies House has it")
	}
	if !slices.Contains(Parts, p.Part) {
		bad("part", "legal.part", "Say where it is registered")
	}
	pattern, form := companyNumber, "8 digits, or SC or NI and 6 digits. Put zeros in front of a shorter one"
	if p.Kind == LLP {
		pattern, form = llpNumber, "OC, SO or NC and 6 digits"
	}
	switch {
	case p.Number == "":
		bad("number", "legal.number", "Enter the registered number: "+form)
	case !pattern.MatchString(p.Number):
		bad("number", "legal.number", "The number is "+form)
	case p.Part != "" && !fits(p.Number, p.Part):
		bad("number", "legal.part", "A number like this is not registered in "+p.Part+". Look at both again")
	}
	if p.Office == "" {
		bad("office", "legal.office", "Enter the address of the registered office")
	}
	if p.Exempt && saysLimited.MatchString(p.Name) {
		bad("exempt", "legal.exempt", "The name says already that it is limited. Take the tick away")
	}
}

// fits reports whether a number may be of a part's register.
func fits(number, part string) bool {
	if of, ok := registers[number[:2]]; ok {
		return part == of
	}
	return part == "England and Wales" || part == "Wales"
}

func named(p Particulars, most policy.Organisation, bad func(field string, rule haven.Rule, say string)) {
	if p.Name == "" {
		bad("name", "legal.name", "Enter the business name")
	}
	switch {
	case p.Kind == Trader && len(p.Names) != 1:
		bad("names", "legal.names", "Enter your own name, first name and last name")
	case p.Kind == Partnership && len(p.Names) > most.LegalNames:
		bad("names", "legal.names", "There are too many names for a letter. Leave them out, and enter the principal place of business, where their list can be inspected")
	case p.Kind == Partnership && len(p.Names) < 2 && p.Principal == "":
		bad("names", "legal.names", "Enter the name of each partner, one a line")
	case p.Kind == Partnership && len(p.Names) > 0 && p.Principal != "":
		bad("principal", "legal.principal", "Either the names of all partners, or where their list can be inspected: not both")
	}
	if p.Address == "" {
		bad("address", "legal.address", "Enter the address at which documents can be served")
	}
}

// Footer is what letters say of the business, a line each; nothing where the law asks for nothing. The particulars have no fault.
func Footer(p Particulars) (lines []string) {
	switch p.Kind {
	case Company:
		lines = append(lines, p.Name+". Registered in "+p.Part+", company number "+p.Number+".", "Registered office: "+p.Office+".")
		for _, f := range []struct {
			is  bool
			say string
		}{{p.Exempt, "A limited company."}, {p.Community, "A community interest company."}, {p.Investment, "An investment company as defined in section 833 of the Companies Act 2006."},
			{p.PaidUp != "", "Paid-up share capital: " + p.PaidUp + "."}} {
			if f.is {
				lines = append(lines, f.say)
			}
		}
	case LLP:
		lines = append(lines, p.Name+" is a limited liability partnership registered in "+p.Part+", number "+p.Number+".", "Registered office: "+p.Office+".")
	case Trader:
		lines = append(lines, p.Name+" is the business of "+p.Names[0]+".", "Address for service of documents: "+p.Address+".")
	case Partnership:
		if p.Principal != "" {
			lines = append(lines, "A list of the partners of "+p.Name+" can be inspected at its principal place of business: "+p.Principal+".")
		} else {
			last := len(p.Names) - 1
			lines = append(lines, p.Name+" is the business of "+strings.Join(p.Names[:last], ", ")+" and "+p.Names[last]+".")
		}
		lines = append(lines, "Address for service of documents: "+p.Address+".")
	}
	return lines
}
