package sharedmailbox

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/policy"
)

func profile(t *testing.T) policy.Policy {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLocalPart(t *testing.T) {
	t.Parallel()
	p := profile(t).Address
	const ph = organisation.Pharmacy
	for _, c := range []struct {
		kind              organisation.Kind
		place, name, code string
		want              string
	}{
		{ph, "STOCKPORT", "ROWAN PHARMACY", "FX002", "nhspharmacy.stockport.rowanpharmacyFX002"},
		{ph, "Stockport", "Rowan Pharmacy", "FX002", "nhspharmacy.stockport.rowanpharmacyFX002"},
		{ph, "LEEDS", "ELM & BIRCH", "FX509", "nhspharmacy.leeds.elmandbirchFX509"},
		{ph, "STAFFORD", "ASHWELL'S CHEMISTS", "FX274", "nhspharmacy.stafford.ashwellschemistsFX274"},
		{ph, "STAFFORD", "ASHWELL’S CHEMISTS", "FX274", "nhspharmacy.stafford.ashwellschemistsFX274"},
		{ph, "LEEDS", "ROWAN LANE - PHARMACY+HEALTH", "FX240", "nhspharmacy.leeds.rowanlane-pharmacyandhealthFX240"},
		{ph, "BURTON-ON-TRENT", "OAK", "FX076", "nhspharmacy.burton-on-trent.oakFX076"},
		{ph, "HOUGHTON-LE-SPRING", "ASHWELL MEDICAL CENTRE PHARMACY", "FX880", "nhspharmacy.houghton-le-spring.ashwellmedicalcentrepharmacyFX880"},
		{ph, "NEWCASTLE UPON TYNE", "PINE PHARMACY T/A SYCAMORE GARDENS PHARMACY", "FX239", "nhspharmacy.newcastleupontyne.pinepharmacytasycamoregardensFX239"},
		{ph, "LEEDS", "MEDS4U PHARM LIMITED", "FX117", "nhspharmacy.leeds.meds4upharmlimitedFX117"},
		{ph, "CARDIFF", "THE OXYGEN CO.LTD", "FX288", "nhspharmacy.cardiff.theoxygencoltdFX288"},
		{ph, "LEEDS", "ELM, OAK AND ASH (LEEDS)", "FX300", "nhspharmacy.leeds.elmoakandashleedsFX300"},
		{ph, "LEEDS", "@HOME PHARMACY", "FX301", "nhspharmacy.leeds.homepharmacyFX301"},
		{ph, "ST. ASAPH", "Ŷstrad", "FX302", "nhspharmacy.stasaph.ystradFX302"},
		{ph, "", "ROWAN", "FX303", "nhspharmacy.rowanFX303"},
		{ph, "---", "ROWAN", "FX304", "nhspharmacy.rowanFX304"},
		{ph, "LEEDS", "", "FX305", "nhspharmacy.leeds.FX305"},
		{ph, "LEEDS", "药房", "FX306", "nhspharmacy.leeds.FX306"},
		{ph, "", "", "FX307", "nhspharmacy.FX307"},
		{ph, strings.Repeat("LLAN", 20), strings.Repeat("NAME", 20), "FX308", "nhspharmacy.llanllanllanllanllanllanllanll.namenamenamenameFX308"},
		{ph, strings.Repeat("LLAN", 20), "NAMENAMENAMENAM-E", "FX309", "nhspharmacy.llanllanllanllanllanllanllanll.namenamenamenamFX309"},
		{organisation.GPPractice, "WHITBY", "Oak Surgery", "A81001", "nhsgp.whitby.oaksurgeryA81001"},
		{organisation.Hospital, "Leeds", "Ward 7", "", "nhstrust.leeds.ward7"},
		{organisation.HeadOffice, "Leeds", "Rowan Group", "P001", "nhspharmacyheadoffice.leeds.rowangroupP001"},
		{organisation.CareHome, "Leeds", "The Elms", "", "nhscarehome.leeds.theelms"},
		{organisation.Hospital, "Leeds", "!!", "", ""},
	} {
		got, v := LocalPart(c.kind, c.place, c.name, organisation.Code(c.code), p)
		if got != c.want || v.Allowed != (c.want != "") {
			t.Errorf("%q %q %q: %q, want %q", c.place, c.name, c.code, got, c.want)
		}
		if got != "" {
			if _, err := haven.ParseAddress(got + "@haven.example"); err != nil || len(got) > 64 {
				t.Errorf("%q (%d octets): %v", got, len(got), err)
			}
		}
	}
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	const ph = organisation.Pharmacy
	for _, c := range []struct {
		kind              organisation.Kind
		code, name, place string
		want              string
	}{
		{ph, "FX002", "ROWAN PHARMACY", "STOCKPORT", "Pharmacy FX002 (Rowan Pharmacy, Stockport)"},
		{ph, "FX880", "ASHWELL'S", "HOUGHTON-LE-SPRING", "Pharmacy FX880 (Ashwell's, Houghton-le-Spring)"},
		{ph, "FX003", "O'HARA PLC", "NEWCASTLE UPON TYNE", "Pharmacy FX003 (O'Hara PLC, Newcastle upon Tyne)"},
		{ph, "FX004", "PINE PHARMACY T/A SYCAMORE", "BEDFORD", "Pharmacy FX004 (Pine Pharmacy t/a Sycamore, Bedford)"},
		{ph, "FX005", "ELM & BIRCH (LEEDS)", "", "Pharmacy FX005 (Elm & Birch (Leeds))"},
		{ph, "FX006", "eMeds Pharmacy", "LEEDS", "Pharmacy FX006 (eMeds Pharmacy, Leeds)"},
		{ph, "FX007", "THE OXYGEN CO.LTD", "ST ANNES-ON-SEA", "Pharmacy FX007 (The Oxygen Co.Ltd, St Annes-on-Sea)"},
		{organisation.GPPractice, "A81001", "Oak Surgery", "Whitby", "GP practice A81001 (Oak Surgery, Whitby)"},
		{organisation.Hospital, "", "Ward 7", "Leeds", "Ward 7, Leeds"},
	} {
		if got := DisplayName(c.kind, organisation.Code(c.code), c.name, c.place); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestEveryPremises makes the address of every premises of the national list where it is at hand: each is
// valid, no longer than may be, and no two are alike.
func TestEveryPremises(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../../shared/data/edispensary.csv")
	if err != nil {
		t.Skip("the national list is not here: ../shared/data/edispensary.csv beside the module")
	}
	defer f.Close()
	p, seen := profile(t).Address, make(map[string]bool)
	for r := csv.NewReader(bufio.NewReader(f)); ; {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		code, v := organisation.ParseCode(organisation.Pharmacy, row[0])
		if !v.Allowed {
			t.Fatalf("%q is no code", row[0])
		}
		place := organisation.PlaceOf([5]string(row[4:9]))
		local, _ := LocalPart(organisation.Pharmacy, place, row[1], code, p)
		a, err := haven.ParseAddress(local + "@haven.example")
		if err != nil || len(local) > 64 || !strings.HasSuffix(local, string(code)) || !strings.HasPrefix(local, "nhspharmacy.") {
			t.Errorf("%s: %q: %v", code, local, err)
		}
		if seen[a.Key()] {
			t.Errorf("%s: %q is there already", code, local)
		}
		seen[a.Key()] = true
	}
	if len(seen) < 20_000 {
		t.Errorf("%d addresses", len(seen))
	}
}

func TestMayChange(t *testing.T) {
	t.Parallel()
	p := profile(t).Shared
	now := time.Date(2017, 9, 1, 12, 0, 0, 0, time.UTC)
	m := func(no haven.AccountNo, r haven.Rights, change ...func(*Membership)) Membership {
		m := Membership{Person: account.Account{No: no, Kind: haven.Personal, State: account.Active}, Rights: r, From: now.Add(-time.Hour)}
		for _, c := range change {
			c(&m)
		}
		return m
	}
	ends := func(m *Membership) { m.Until = now.Add(time.Hour) }
	ended := func(m *Membership) { m.Until = now }
	later := func(m *Membership) { m.From = now.Add(time.Hour) }
	is := func(s account.State) func(*Membership) { return func(m *Membership) { m.Person.State = s } }
	list := func(ms ...Membership) []Membership { return ms }
	many := func(n int, r haven.Rights, change ...func(*Membership)) (all []Membership) {
		for i := range n {
			all = append(all, m(haven.AccountNo(100+i), r, change...))
		}
		return all
	}
	one := m(1, haven.Owner)
	for _, c := range []struct {
		name          string
		before, after []Membership
		rule          haven.Rule
	}{
		{"the first owner", nil, list(one), "sharedmailbox.change"},
		{"a member joins", list(one), list(one, m(2, haven.Member)), "sharedmailbox.change"},
		{"one of two owners leaves", list(one, m(2, haven.Owner)), list(one), "sharedmailbox.change"},
		{"the last owner leaves", list(one), nil, "sharedmailbox.last-owner"},
		{"the last owner leaves members behind", list(one, m(2, haven.Member)), list(m(2, haven.Member)), "sharedmailbox.last-owner"},
		{"the last owner becomes a member", list(one), list(m(1, haven.Member)), "sharedmailbox.last-owner"},
		{"the last owner gets an end", list(one), list(m(1, haven.Owner, ends)), "sharedmailbox.last-owner"},
		{"the last owner begins later", list(one), list(m(1, haven.Owner, later)), "sharedmailbox.last-owner"},
		{"who stays is blocked", list(one, m(2, haven.Owner, is(account.Blocked))), list(m(2, haven.Owner, is(account.Blocked))), "sharedmailbox.last-owner"},
		{"who stays is inactive", list(one, m(2, haven.Owner, is(account.Inactive))), list(m(2, haven.Owner, is(account.Inactive))), "sharedmailbox.last-owner"},
		{"who stays is a leaver", list(one, m(2, haven.Owner, is(account.Leaver))), list(m(2, haven.Owner, is(account.Leaver))), "sharedmailbox.last-owner"},
		{"who stays is invited", list(one, m(2, haven.Owner, is(account.Invited))), list(m(2, haven.Owner, is(account.Invited))), "sharedmailbox.change"},
		{"who stays ended", list(one, m(2, haven.Owner, ended)), list(m(2, haven.Owner, ended)), "sharedmailbox.last-owner"},
		{"who stays has an end", list(one, m(2, haven.Owner, ends)), list(m(2, haven.Owner, ends)), "sharedmailbox.last-owner"},
		{"ownerless already, a member leaves", list(m(2, haven.Member)), nil, "sharedmailbox.change"},
		{"ownerless already, a blocked owner leaves", list(m(2, haven.Owner, is(account.Blocked))), nil, "sharedmailbox.change"},
		{"250 members", append(many(249, haven.Member), one), append(many(249, haven.Member), one), "sharedmailbox.change"},
		{"the 250th", append(many(248, haven.Member), one), append(many(249, haven.Member), one), "sharedmailbox.change"},
		{"the 251st", append(many(249, haven.Member), one), append(many(250, haven.Member), one), "sharedmailbox.members"},
		{"ended ones don't count", append(many(249, haven.Member, ended), one), append(many(249, haven.Member, ended), one, m(2, haven.Member)), "sharedmailbox.change"},
		{"the 100th owner", many(99, haven.Owner), many(100, haven.Owner), "sharedmailbox.change"},
		{"the 101st owner", many(100, haven.Owner), many(101, haven.Owner), "sharedmailbox.owners"},
		{"too many already, one goes", many(300, haven.Owner), many(299, haven.Owner), "sharedmailbox.change"},
	} {
		if v := MayChange(c.before, c.after, p, now); v.Rule != c.rule || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %s, want %s", c.name, v.Rule, c.rule)
		}
	}
}

// An owner has a proven mobile (Rules 3).
func TestMayOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		f    OwnerFacts
		ok   bool
	}{
		{"somebody with a proven mobile", OwnerFacts{Proven: true, Person: true}, true},
		{"somebody without", OwnerFacts{Person: true}, false},
		{"an owner from before there was the rule", OwnerFacts{Owns: true, Person: true}, true},
		{"by an operator, who answers for it", OwnerFacts{}, true},
	} {
		if v := MayOwn(c.f); v.Allowed != c.ok || !c.ok && (v.Rule != RuleOwnerMobile || v.Reason == "") {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

func TestMayJoin(t *testing.T) {
	t.Parallel()
	now := time.Date(2017, 9, 1, 12, 0, 0, 0, time.UTC)
	ann := account.Account{No: 1, Kind: haven.Personal, State: account.Active}
	as := func(s account.State) account.Account { a := ann; a.State = s; return a }
	good := Grant{Person: 1, Rights: haven.Member, From: now}
	for _, c := range []struct {
		name string
		who  account.Account
		g    Grant
		rule haven.Rule
	}{
		{"a person", ann, good, "sharedmailbox.join"},
		{"invited", as(account.Invited), good, "sharedmailbox.join"},
		{"inactive", as(account.Inactive), good, "sharedmailbox.join"},
		{"leaver", as(account.Leaver), good, "sharedmailbox.member-state"},
		{"blocked", as(account.Blocked), good, "sharedmailbox.member-state"},
		{"deleted", as(account.Deleted), good, "sharedmailbox.member-state"},
		{"a shared mailbox", account.Account{Kind: haven.Shared, State: account.Active}, good, "sharedmailbox.person"},
		{"an application", account.Account{Kind: haven.Application, State: account.Active}, good, "sharedmailbox.person"},
		{"no rights", ann, Grant{From: now}, "sharedmailbox.rights"},
		{"the service's own right", ann, Grant{Rights: haven.Read | haven.Insert, From: now}, "sharedmailbox.rights"},
		{"a shift", ann, Grant{Rights: haven.Member, From: now, Until: now.Add(time.Hour)}, "sharedmailbox.join"},
		{"a shift tomorrow", ann, Grant{Rights: haven.Member, From: now.Add(24 * time.Hour), Until: now.Add(32 * time.Hour)}, "sharedmailbox.join"},
		{"a shift yesterday", ann, Grant{Rights: haven.Member, From: now.Add(-32 * time.Hour), Until: now.Add(-24 * time.Hour)}, "sharedmailbox.time"},
		{"ends before it begins", ann, Grant{Rights: haven.Member, From: now.Add(2 * time.Hour), Until: now.Add(time.Hour)}, "sharedmailbox.time"},
	} {
		if v := MayJoin(c.who, c.g, now); v.Rule != c.rule {
			t.Errorf("%s: %s, want %s", c.name, v.Rule, c.rule)
		}
	}
}

func TestMayPass(t *testing.T) {
	t.Parallel()
	boxes := []haven.Address{{Local: "a", Domain: "haven.example"}, {Local: "b", Domain: "haven.example"}}
	for _, c := range []struct {
		to      account.State
		last    []haven.Address
		allowed bool
	}{
		{account.Leaver, nil, true},
		{account.Leaver, boxes, false},
		{account.Inactive, boxes, false},
		{account.Disabled, boxes[:1], false},
		{account.Deleted, boxes, false},
		{account.Blocked, boxes, true}, // for safety: never refused
		{account.Died, boxes, true},
	} {
		v := MayPass(c.to, c.last)
		if v.Allowed != c.allowed || !c.allowed && !strings.Contains(v.Reason, boxes[0].String()) {
			t.Errorf("%v with %v: %+v", c.to, c.last, v)
		}
	}
	if v := MayPass(account.Leaver, make([]haven.Address, 60)); !strings.HasSuffix(v.Reason, " and 10 more.") {
		t.Errorf("of many: %s", v.Reason)
	}
}
