package legal

import (
	"slices"
	"strings"
	"testing"

	"haven/platform/policy"
)

var limits = policy.Organisation{LegalNames: 20, LegalRunes: 300}

func company(change ...func(*Particulars)) Particulars {
	p := Particulars{Kind: Company, Name: "Rowan Pharmacy Ltd", Part: "England and Wales", Number: "01234567", Office: "1 High Street, Leeds LS1 1AA"}
	for _, c := range change {
		c(&p)
	}
	return p
}

func partnership(n int, principal string) Particulars {
	p := Particulars{Kind: Partnership, Name: "Rowan Pharmacy", Address: "1 High Street, Leeds", Principal: principal}
	for range n {
		p.Names = append(p.Names, "Ann Example")
	}
	return p
}

func TestCheck(t *testing.T) {
	t.Parallel()
	numbered := func(kind Kind, number, part string) Particulars {
		return company(func(p *Particulars) { p.Kind, p.Number, p.Part = kind, number, part })
	}
	for _, c := range []struct {
		name string
		p    Particulars
		want []string // field and rule
	}{
		{"a company", company(), nil},
		{"nothing", Particulars{}, []string{"kind legal.kind"}},
		{"a company of which nothing is known", Particulars{Kind: Company}, []string{"name legal.name", "part legal.part", "number legal.number", "office legal.office"}},
		{"7 digits", numbered(Company, "1234567", "England and Wales"), []string{"number legal.number"}},
		{"letters of nobody's register", numbered(Company, "XX123456", "Scotland"), []string{"number legal.number"}},
		{"Scottish", numbered(Company, "SC123456", "Scotland"), nil},
		{"Scottish, it says, and is registered in Wales", numbered(Company, "SC123456", "Wales"), []string{"number legal.part"}},
		{"Northern Irish", numbered(Company, "NI123456", "Northern Ireland"), nil},
		{"digits, and registered in Scotland", numbered(Company, "01234567", "Scotland"), []string{"number legal.part"}},
		{"a company with a partnership's number", numbered(Company, "OC123456", "Wales"), []string{"number legal.number"}},
		{"an LLP", numbered(LLP, "OC123456", "Wales"), nil},
		{"a Scottish LLP", numbered(LLP, "SO123456", "Scotland"), nil},
		{"a Northern Irish LLP", numbered(LLP, "NC123456", "Northern Ireland"), nil},
		{"an LLP with a company's number", numbered(LLP, "01234567", "Wales"), []string{"number legal.number"}},
		{"exempt, and the name says limited", company(func(p *Particulars) { p.Exempt = true }), []string{"exempt legal.exempt"}},
		{"exempt", company(func(p *Particulars) { p.Exempt, p.Name = true, "Rowan Trust" }), nil},
		{"a sole trader", Particulars{Kind: Trader, Name: "Rowan Pharmacy", Names: []string{"Ann Example"}, Address: "1 High Street, Leeds"}, nil},
		{"a sole trader without a name", Particulars{Kind: Trader, Name: "Rowan Pharmacy", Address: "1 High Street"}, []string{"names legal.names"}},
		{"two sole traders", Particulars{Kind: Trader, Name: "Rowan Pharmacy", Names: []string{"Ann", "Bob"}, Address: "1 High Street"}, []string{"names legal.names"}},
		{"a partnership", partnership(20, ""), nil},
		{"over 20 partners", partnership(21, ""), []string{"names legal.names"}},
		{"over 20 partners, whose list can be inspected", partnership(0, "1 High Street"), nil},
		{"both", partnership(2, "1 High Street"), []string{"principal legal.principal"}},
		{"one partner", partnership(1, ""), []string{"names legal.names"}},
		{"own names", Particulars{Kind: OwnNames}, nil},
		{"too long", company(func(p *Particulars) { p.Office = strings.Repeat("x", 301) }), []string{"office legal.long"}},
		{"right to left", company(func(p *Particulars) { p.Name = "Rowan \u202eLtd" }), []string{"name legal.signs"}},
		{"a letter's header", company(func(p *Particulars) { p.Name = "Rowan\r\nBcc: x" }), []string{"name legal.signs"}},
	} {
		var got []string
		for _, f := range Check(c.p, limits) {
			got = append(got, f.Field+" "+string(f.Rule))
			if f.Reason == "" {
				t.Errorf("%s: %s says nothing", c.name, f.Field)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFooter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    Particulars
		want []string
	}{
		{company(), []string{"Rowan Pharmacy Ltd. Registered in England and Wales, company number 01234567.", "Registered office: 1 High Street, Leeds LS1 1AA."}},
		{company(func(p *Particulars) {
			p.Name, p.Exempt, p.Community, p.Investment, p.PaidUp = "Rowan Trust", true, true, true, "£100"
		}), []string{
			"Rowan Trust. Registered in England and Wales, company number 01234567.", "Registered office: 1 High Street, Leeds LS1 1AA.",
			"A limited company.", "A community interest company.", "An investment company as defined in section 833 of the Companies Act 2006.", "Paid-up share capital: £100."}},
		{company(func(p *Particulars) { p.Kind, p.Name, p.Number, p.Part = LLP, "Rowan LLP", "SO123456", "Scotland" }), []string{
			"Rowan LLP is a limited liability partnership registered in Scotland, number SO123456.", "Registered office: 1 High Street, Leeds LS1 1AA."}},
		{Particulars{Kind: Trader, Name: "Rowan Pharmacy", Names: []string{"Ann Example"}, Address: "1 High Street"}, []string{
			"Rowan Pharmacy is the business of Ann Example.", "Address for service of documents: 1 High Street."}},
		{Particulars{Kind: Partnership, Name: "Rowan Pharmacy", Names: []string{"Ann Example", "Bob Example", "Cy Example"}, Address: "1 High Street"}, []string{
			"Rowan Pharmacy is the business of Ann Example, Bob Example and Cy Example.", "Address for service of documents: 1 High Street."}},
		{partnership(0, "2 High Street"), []string{"A list of the partners of Rowan Pharmacy can be inspected at its principal place of business: 2 High Street.", "Address for service of documents: 1 High Street, Leeds."}},
		{Particulars{Kind: OwnNames}, nil},
	} {
		if got := Footer(c.p); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.p, got, c.want)
		}
	}
}

func TestTidy(t *testing.T) {
	t.Parallel()
	got := Tidy(Particulars{Kind: Company, Name: "  Rowan \t Pharmacy\nLtd ", Number: " sc 123 456 ", Part: "Scotland", Office: "1 High Street,\r\nLeeds", Names: []string{"x"}, Address: "y", Principal: "z"})
	want := Particulars{Kind: Company, Name: "Rowan Pharmacy Ltd", Number: "SC123456", Part: "Scotland", Office: "1 High Street, Leeds"}
	if got.Name != want.Name || got.Number != want.Number || got.Office != want.Office || got.Names != nil || got.Address != "" || got.Principal != "" {
		t.Errorf("%+v", got)
	}
	if got := Tidy(Particulars{Kind: OwnNames, Name: "x", Number: "y"}); got.Name != "" || got.Number != "" {
		t.Errorf("%+v", got)
	}
	if got := Tidy(Particulars{Kind: Partnership, Names: []string{" Ann  Example", "", "  ", "Bob"}}); !slices.Equal(got.Names, []string{"Ann Example", "Bob"}) {
		t.Errorf("%+v", got)
	}
}

// What is typed never makes the check or the footer fail.
func FuzzCheck(f *testing.F) {
	f.Add("company", "Rowan Ltd", "01234567", "Wales", "Ann\nBob")
	f.Fuzz(func(t *testing.T, kind, name, number, part, names string) {
		p := Tidy(Particulars{Kind: Kind(kind), Name: name, Number: number, Part: part, Office: name, Names: strings.Split(names, "\n"), Address: name})
		if faults := Check(p, limits); len(faults) > 0 {
			return
		}
		for _, l := range Footer(p) {
			if strings.ContainsAny(l, "\r\n") {
				t.Errorf("%q", l)
			}
		}
	})
}
