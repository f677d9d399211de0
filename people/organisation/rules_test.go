package organisation

import (
	"bufio"
	"os"
	"regexp"
	"strings"
	"testing"

	"haven/platform/policy"
)

func TestParseCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind     Kind
		in, want string
	}{
		{Pharmacy, "FA002", "FA002"}, {Pharmacy, "fa002", "FA002"}, {Pharmacy, " f a 0 0 2 ", "FA002"}, {Pharmacy, "FAA96", "FAA96"},
		{Pharmacy, "FYV99", "FYV99"}, {Pharmacy, "F0002", ""}, {Pharmacy, "FB002", ""}, {Pharmacy, "FI002", ""}, {Pharmacy, "FO002", ""},
		{Pharmacy, "FQ002", "FQ002"}, {Pharmacy, "FS002", ""}, {Pharmacy, "FU002", ""}, {Pharmacy, "FZ002", ""}, {Pharmacy, "FAB02", ""},
		{Pharmacy, "FA02", ""}, {Pharmacy, "FA0022", ""}, {Pharmacy, "GA002", ""}, {Pharmacy, "FA00A", ""}, {Pharmacy, "", ""},
		{Pharmacy, "FА002", ""}, {Pharmacy, "FA0\x0002", ""},
		{HeadOffice, "P79D", "P79D"}, {HeadOffice, "p1k8", "P1K8"}, {HeadOffice, "X3N4J", "X3N4J"}, {HeadOffice, "x3 n4j", "X3N4J"},
		{HeadOffice, "Q79D", ""}, {HeadOffice, "P79", ""}, {HeadOffice, "P79DD", ""}, {HeadOffice, "X3N44", ""}, {HeadOffice, "33N4J", ""}, {HeadOffice, "P7-D", ""},
		{GPPractice, "A81001", "A81001"}, {GPPractice, "a8", ""}, {Hospital, "RXX", "RXX"}, {Hospital, "R-X", ""}, {Other, "ABCDEFGHIJK", ""},
	} {
		got, v := ParseCode(c.kind, c.in)
		if string(got) != c.want || v.Allowed != (c.want != "") {
			t.Errorf("%s %q: %q %v, want %q", c.kind, c.in, got, v.Allowed, c.want)
		}
	}
}

// TestCodesAreThePatterns holds the hand-written tests against the patterns of Rules 1.
func TestCodesAreThePatterns(t *testing.T) {
	t.Parallel()
	pharmacy := regexp.MustCompile(`^F[AC-HJ-NP-RTV-Y][0-9AC-HJ-NP-RTV-Y][0-9]{2}$`)
	office := regexp.MustCompile(`^(P[0-9A-Z]{3}|[A-Z][0-9][A-Z][0-9][A-Z])$`)
	const alphabet = "0159ABCFHIJNOPQRSTUVWXYZ-"
	for _, a := range "FGP" {
		for _, b := range alphabet {
			for _, c := range alphabet {
				for _, tail := range []string{"0", "00", "9A", "A9", "0AZ"} {
					s := string(a) + string(b) + string(c) + tail
					if isPharmacyCode(s) != pharmacy.MatchString(s) || isHeadOfficeCode(s) != office.MatchString(s) {
						t.Fatalf("%q: pharmacy %v, head office %v", s, isPharmacyCode(s), isHeadOfficeCode(s))
					}
				}
			}
		}
	}
}

func TestParsePostcode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"SK7 5LD": "SK7 5LD", "sk75ld": "SK7 5LD", "HX7 7BZ ": "HX7 7BZ", "SA5 9 EA": "SA5 9EA", "E1 4LR": "E1 4LR",
		"EC1A 1BB": "EC1A 1BB", "W1A0AX": "W1A 0AX", "": "", "NONE": "-", "SK7": "-", "1K7 5LD": "-", "SK7 5L1": "-", "SK7-5LD": "-",
	} {
		got, ok := ParsePostcode(in)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"20060601": "2006-06-01", "": "", "20240229": "2024-02-29", "20230229": "-", "2006-06-01": "-", "00000000": "-", "20061301": "-", "x": "-", "17000101": "-",
	} {
		d, ok := ParseDate(in)
		got := d.String()
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestPlaceOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lines, want string }{
		{"61 ARUNDEL AVENUE|HAZEL GROVE|STOCKPORT||", "STOCKPORT"},
		{"HEADCORN SURGERY|GRIGG LANE, HEADCORN|ASHFORD|KENT|", "ASHFORD"},
		{"150 BOOT HILL||BADDESLEY ENSOR|WARWICKSHIRE|", "BADDESLEY ENSOR"},
		{"54 BRIDGEGATE|RETFORD|NOTTINGHAMSHIRE||", "RETFORD"},
		{"1 COOPERS SQUARE|BURTON-ON-TRENT|STAFFORDSHIRE||", "BURTON-ON-TRENT"},
		{"105 PRINCE CONSORT ROAD||GATESHEAD|TYNE & WEAR|", "GATESHEAD"},
		{"200 NORMANTON ROAD|DERBY|||", "DERBY"},
		{"219 CLAPHAM ROAD|LONDON|||", "LONDON"},
		{"THE PHARMACY|HERRINGTON MEDICAL CENTRE|PHILADELPHIA LANE|HOUGHTON-LE-SPRING|", "HOUGHTON-LE-SPRING"},
		{"10 HIGH STREET|MILL RD,HEYBRIDGE|||", "HEYBRIDGE"},
		{"10 HIGH STREET|HEYBRIDGE, ESSEX|||", "HEYBRIDGE"},
		{"10 HIGH STREET|HEYBRIDGE,|ESSEX||", "HEYBRIDGE"},
		{"HELMSHORE HOUSE|BAY VIEW ROAD|PORT ST MARY|ISLE OF MAN|", "PORT ST MARY"},
		{"10 HIGH STREET|KENT|||", "KENT"},
		{"10 HIGH STREET|kent|surrey||", "kent"},
		{"10 HIGH STREET||||", ""},
		{"||||", ""},
		{"  10  HIGH   STREET | NEW   TOWN |||", "NEW TOWN"},
	} {
		var lines [5]string
		copy(lines[:], strings.Split(c.lines, "|"))
		if got := PlaceOf(lines); got != c.want {
			t.Errorf("%s: %q, want %q", c.lines, got, c.want)
		}
	}
}

func TestChangeOf(t *testing.T) {
	t.Parallel()
	base := Organisation{ID: 7, Kind: Pharmacy, Code: "FX002", Name: "ROWAN", Place: "LEEDS", Status: Active, Parent: "P001"}
	with := func(change func(*Organisation)) Organisation { o := base; o.ID = 0; change(&o); return o }
	for _, c := range []struct {
		name string
		say  Organisation
		want Change
	}{
		{"the same", with(func(*Organisation) {}), Unchanged},
		{"a place corrected by hand stays", with(func(o *Organisation) { o.Place = "YORK" }), Unchanged},
		{"a new name", with(func(o *Organisation) { o.Name = "BIRCH" }), Altered},
		{"another head office", with(func(o *Organisation) { o.Parent = "P002" }), ReHomed},
		{"no head office", with(func(o *Organisation) { o.Parent = "" }), ReHomed},
		{"closed", with(func(o *Organisation) { o.Status = Closed }), Closing},
		{"closed and sold", with(func(o *Organisation) { o.Status, o.Parent = Closed, "P002" }), Closing},
		{"pending", with(func(o *Organisation) { o.Status = Pending }), Resting},
		{"a closing date alone", with(func(o *Organisation) { o.Closed = 20250101 }), Altered},
	} {
		if got := ChangeOf(&base, c.say); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if ChangeOf(nil, base) != Added {
		t.Error("what is not there is new")
	}
	shut := base
	shut.Status = Closed
	if got := ChangeOf(&shut, base); got != Altered {
		t.Errorf("opened again: %d", got)
	}
}

func TestMayClose(t *testing.T) {
	t.Parallel()
	p := policy.Organisation{ClosePerMille: 20}
	for _, c := range []struct {
		closing, active int
		told, want      bool
	}{
		{0, 0, false, true}, {0, 100, false, true}, {2, 100, false, true}, {3, 100, false, false}, {3, 100, true, true},
		{225, 11276, false, true}, {226, 11276, false, false}, {1, 10, false, false}, {1, 0, false, false},
	} {
		v := MayClose(c.closing, c.active, c.told, p)
		if v.Allowed != c.want || !v.Allowed && !strings.Contains(v.Reason, "2 %") {
			t.Errorf("%+v: %+v", c, v)
		}
	}
}

const goodLine = `"FX002","ROWAN PHARMACY","Y62","QOP","61 ELM AVENUE","","LEEDS","","","LS1 1AA","20060601","","A","1","P79D","20060601","","0113 4960000","","","","0","","QOP","","",""`

func TestParseLine(t *testing.T) {
	t.Parallel()
	swap := func(old, new string) string { return strings.Replace(goodLine, old, new, 1) }
	for _, c := range []struct{ name, line, fault string }{
		{"good", goodLine, ""},
		{"unquoted", strings.ReplaceAll(goodLine, `"`, ""), ""},
		{"ACTIVE in words", swap(`"A"`, `"ACTIVE"`), ""},
		{"a comma inside quotes", swap("61 ELM AVENUE", "UNIT 1, ELM AVENUE"), ""},
		{"a doubled quote", swap("ROWAN", `""ROWAN""`), ""},
		{"a postcode with spaces", swap("LS1 1AA", "LS1 1 AA "), ""},
		{"no head office", swap("P79D", ""), ""},
		{"a quote not closed", swap(`PHARMACY"`, "PHARMACY"), "goes on after"},
		{"a quote not closed at the end", goodLine[:len(goodLine)-1], "not closed"},
		{"a quote in the middle", swap(`"Y62"`, `Y"62`), "quote in its middle"},
		{"text after a quote", swap(`"Y62"`, `"Y62"x`), "goes on after"},
		{"too few fields", strings.TrimSuffix(goodLine, `,""`), "has 26 fields"},
		{"too many fields", goodLine + `,""`, "more than 27"},
		{"a code of something else", swap("FX002", "GX002"), "no ODS code of a pharmacy"},
		{"no code", swap("FX002", ""), "no ODS code of a pharmacy"},
		{"no name", swap("ROWAN PHARMACY", " "), "no name"},
		{"a dirty postcode", swap("LS1 1AA", "LEEDS"), "no postcode"},
		{"a date that is none", swap("20060601", "20061301"), "no date"},
		{"a status that is none", swap(`"A"`, `"X"`), "no status"},
		{"a sub-type that is none", swap(`"1","P79D"`, `"9","P79D"`), "no sub-type"},
		{"a head office that is none", swap("P79D", "ZZZ"), "head office"},
		{"not ASCII", swap("ROWAN", "RÖWAN"), "field 2"},
		{"a control character", swap("ROWAN", "RO\x07WAN"), "field 2"},
		{"a NUL", swap("ROWAN", "RO\x00WAN"), "field 2"},
		{"a field too long", swap("ROWAN", strings.Repeat("ROWAN ", 50)), "field 2"},
		{"nothing", "", "fields"},
	} {
		o, err := parseLine(c.line)
		switch {
		case c.fault == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%s: %v, want a fault that says %q", c.name, err, c.fault)
		case c.fault == "" && (o.Code != "FX002" || o.Place != "LEEDS" || o.Postcode != "LS1 1AA"):
			t.Errorf("%s: %+v", c.name, o)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add(goodLine)
	f.Add(`"a","b""c",d,"`)
	f.Add(strings.Repeat(",", 26))
	f.Fuzz(func(t *testing.T, line string) {
		if o, err := parseLine(line); err == nil && (!isPharmacyCode(string(o.Code)) || o.Name == "") {
			t.Errorf("%q is taken as %+v", line, o)
		}
	})
}

// TestWholeList reads the national list where it is at hand: every line of it is a premises.
func TestWholeList(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../../shared/data/edispensary.csv")
	if err != nil {
		t.Skip("the national list is not here: ../shared/data/edispensary.csv beside the module")
	}
	defer f.Close()
	in, n := bufio.NewScanner(f), 0
	noPlace := 0
	for in.Scan() {
		n++
		o, err := parseLine(in.Text())
		if err != nil {
			t.Errorf("line %d: %v", n, err)
		}
		if o.Place == "" {
			noPlace++
		}
	}
	t.Logf("%d lines, %d without a place", n, noPlace)
	if n < 20_000 || noPlace > 5 {
		t.Errorf("%d lines, %d without a place", n, noPlace)
	}
}
