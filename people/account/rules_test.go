package account

import (
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/platform/policy"
)

func TestPersonalLocal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first, last string
		number      int
		want        string
	}{
		{"Ann", "Example", 1, "ann.example"},
		{"Ann", "Example", 2, "ann.example2"},
		{"Ann", "Example", 117, "ann.example117"},
		{"ANN", "EXAMPLE", 1, "ann.example"},
		{"Mary Jane", "Smith", 1, "maryjane.smith"},
		{"Mary-Jane", "Smith-Jones", 1, "mary-jane.smith-jones"},
		{"Siobhán", "O'Brien", 1, "siobhan.obrien"},
		{"Siobhan", "O’Brien", 1, "siobhan.obrien"},
		{"Siobhan", "OʼBrien", 1, "siobhan.obrien"},
		{"Siobhan", "O`Brien", 1, "siobhan.obrien"},
		{"Zoë", "Brontë", 1, "zoe.bronte"},
		{"Zoe\u0308", "Bronte\u0308", 1, "zoe.bronte"},
		{"François", "Lefèvre", 1, "francois.lefevre"},
		{"Łukasz", "Wałęsa", 1, "lukasz.walesa"},
		{"Søren", "Ærø", 1, "soren.aero"},
		{"Jürgen", "Weiß", 1, "jurgen.weiss"},
		{"Þóra", "Guðmundsdóttir", 1, "thora.gudmundsdottir"},
		{"Đặng", "Nguyễn", 1, "dang.nguyen"},
		{"İpek", "Işık", 1, "ipek.isik"},
		{"Ngũgĩ", "wa Thiong'o", 1, "ngugi.wathiongo"},
		{"Vincent", "van der Berg", 1, "vincent.vanderberg"},
		{"J. R.", "Hartley", 1, "jr.hartley"},
		{"Sam", "King, Jr.", 1, "sam.kingjr"},
		{" Ann ", "\tExample ", 1, "ann.example"},
		{"Ann\u00a0Lou", "Example", 1, "annlou.example"},
		{"Jean–Luc", "Dupont", 1, "jean-luc.dupont"},
		{"-Ann-", "--Example--", 1, "ann.example"},
		{"Ann", "Smith - Jones", 1, "ann.smith-jones"},
		{"Suharto", "", 1, "suharto"},
		{"", "Suharto", 1, "suharto"},
		{"Suharto", "", 3, "suharto3"},
		{"Ａｎｎ", "Ｅｘａｍｐｌｅ", 1, "ann.example"},
		{"ﬁona", "Test", 1, "fiona.test"},
		{"D'Arcy", "D’Souza", 1, "darcy.dsouza"},
		{"Dina", "al-Khalīl", 1, "dina.al-khalil"},
		{strings.Repeat("a", 40), strings.Repeat("b", 40), 1, strings.Repeat("a", 32) + "." + strings.Repeat("b", 31)},
		{strings.Repeat("a", 80), "b", 12, strings.Repeat("a", 60) + ".b12"},
		{"Анна", "Example", 1, ""},
		{"李", "小龙", 1, ""},
		{"Ann2", "Example", 1, ""},
		{"Ann", "Ex@mple", 1, ""},
		{"Ann", "Ex<mple", 1, ""},
		{"'", "-", 1, ""},
		{"", "", 1, ""},
	} {
		got, v := PersonalLocal(c.first, c.last, c.number, 64)
		if got != c.want || v.Allowed != (c.want != "") {
			t.Errorf("%q %q %d: %q (%s), want %q", c.first, c.last, c.number, got, v.Rule, c.want)
		}
		if got != "" {
			if _, err := haven.ParseAddress(got + "@haven.example"); err != nil || len(got) > 64 {
				t.Errorf("%q is no address: %v", got, err)
			}
		}
	}
}

func TestNextNamesake(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		taken string
		want  int
	}{{"", 1}, {"1", 2}, {"12", 3}, {"13", 2}, {"2", 1}, {"12345", 0}} {
		got := NextNamesake(5, func(n int) bool { return strings.Contains(c.taken, string(rune('0'+n))) })
		if got != c.want {
			t.Errorf("taken %q: %d, want %d", c.taken, got, c.want)
		}
	}
}

func TestSplitUser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		user, authzid  string
		person, target string
		rule           haven.Rule
	}{
		{"ann@h.test", "", "ann@h.test", "ann@h.test", "login.own"},
		{" ann@h.test ", "", "ann@h.test", "ann@h.test", "login.own"},
		{"Ann@H.Test", "", "Ann@h.test", "Ann@h.test", "login.own"},
		{"ann@h.test/shop@h.test", "", "ann@h.test", "shop@h.test", "login.named"},
		{"ann@h.test", "shop@h.test", "ann@h.test", "shop@h.test", "login.named"},
		{"ann@h.test/shop@h.test", "shop@h.test", "ann@h.test", "shop@h.test", "login.named"},
		{"ann@h.test/shop@h.test", "SHOP@h.test", "ann@h.test", "shop@h.test", "login.named"},
		{"ann@h.test", "ann@h.test", "ann@h.test", "ann@h.test", "login.named"},
		{"ann/x@h.test", "", "ann/x@h.test", "ann/x@h.test", "login.own"},
		{"ann@h.test/", "", "ann@h.test", "ann@h.test", "login.own"},
		{"ann@h.test/shop@h.test", "other@h.test", "", "", "login.two-targets"},
		{"ann", "", "", "", "login.user-name"},
		{"", "", "", "", "login.user-name"},
		{"@h.test", "", "", "", "login.user-name"},
		{"ann@h.test/shop", "", "", "", "login.user-name"},
		{"ann@h.test", "shop", "", "", "login.user-name"},
		{"ann@h.test/a@h.test/b@h.test", "", "", "", "login.user-name"},
		{"ann\x00@h.test", "", "", "", "login.user-name"},
	} {
		p, g, v := SplitUser(c.user, c.authzid)
		if v.Rule != c.rule || v.Allowed && (p.String() != c.person || g.String() != c.target) {
			t.Errorf("%q, %q: %q %q %s; want %q %q %s", c.user, c.authzid, p, g, v.Rule, c.person, c.target, c.rule)
		}
	}
}

// TestCommonest: the list is 10,000 passwords, folded and in order, as it is looked up.
func TestCommonest(t *testing.T) {
	t.Parallel()
	list := commonest()
	if len(list) != 10_000 || !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Errorf("%d lines, or out of order, or one twice", len(list))
	}
	for _, pw := range list {
		if foldPassword(pw) != pw || !isCommonest(pw) {
			t.Errorf("%q is not folded", pw)
		}
	}
	for _, pw := range []string{"123456", "password", "qwerty", "michael"} {
		if !isCommonest(pw) {
			t.Errorf("%s lacks", pw)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	f := PasswordFacts{Names: []string{"Margaret", "Lee"}, Mailbox: []string{"Rowanberry Pharmacy", "nhspharmacy.leeds.rowanberrypharmacyFX002"}}
	for _, c := range []struct {
		pw     string
		reused bool
		rule   haven.Rule
	}{
		{"violet kettle tramway", false, "password.good"},
		{"tramwaykettle", false, "password.good"},
		{"ünïcode-kettle", false, "password.good"},
		{"пароль кошка трамвай", false, "password.good"},
		{"xkQ2$vL8p!rT", false, "password.good"},
		{"sleepy-walrus-99", false, "password.good"}, // Lee inside another word
		{"happy horse with a hat", false, "password.good"},
		{strings.Repeat("violet kettle ", 18), false, "password.good"},
		{"            ", false, "password.common"},
		{"violet kettle tramway", true, "password.reused"},
		{"short", false, "password.short"},
		{"elevenchars", false, "password.short"},
		{"twelvechärs", false, "password.short"}, // 11 characters in 12 octets
		{"", false, "password.short"},
		{strings.Repeat("violet kettle ", 20), false, "password.long"},
		{"violet\x00kettle tramway", false, "password.characters"},
		{"violet kettle \xff\xfe", false, "password.characters"},
		{"margaret-kettle", false, "password.name"},
		{"MARGARET kettle", false, "password.name"},
		{"m.a.r.g.a.r.e.t kettle", false, "password.name"},
		{"márgarét kettle", false, "password.name"},
		{"kettle lee tramway", false, "password.name"},
		{"Lee-kettle-1234", false, "password.name"},
		{"rowanberrypharmacy77", false, "password.mailbox"},
		{"Rowanberry Pharmacy!", false, "password.mailbox"},
		{"Password2024!", false, "password.common"},
		{"password1234", false, "password.common"},
		{"p@ssw0rd1234", false, "password.common"},
		{"Summer2024!!!", false, "password.common"},
		{"letmeinletmein", false, "password.common"},
		{"iloveyou2024", false, "password.common"},
		{"dragonmonkey1", false, "password.common"},
		{"qwertyuiop12", false, "password.common"},
		{"correct horse battery staple", false, "password.common"},
		{"123456789012", false, "password.common"},
		{"abcdefghijkl", false, "password.common"},
		{"987654321098", false, "password.common"},
		{"aaaaaaaaaaaa", false, "password.common"},
		{"abababababab", false, "password.common"},
		{"pharmacy12345", false, "password.common"},
		{"sonyericsson", false, "password.common"}, // these are among the commonest, and no words
		{"SonyEricsson-1", false, "password.common"},
		{"mailcreated5240", false, "password.common"},
		{"ghjcnjgfhjkm!", false, "password.common"},
	} {
		f := f
		f.Reused = c.reused
		if v := CheckPassword(c.pw, f, p.Password); v.Rule != c.rule {
			t.Errorf("%q: %s, want %s", c.pw, v.Rule, c.rule)
		} else if !v.Allowed && (v.Reason == "" || c.pw != "" && strings.Contains(v.Reason, c.pw)) {
			t.Errorf("%q: the reason %q is empty or gives the password away", c.pw, v.Reason)
		}
	}
}

// A refusal names every rule that is missed.
func TestCheckPasswordNamesAll(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("nhsmail-2017")
	if err != nil {
		t.Fatal(err)
	}
	f := PasswordFacts{Names: []string{"Aisha", "Rahman"}, Mailbox: []string{"Elm"}}
	for _, c := range []struct {
		pw     string
		reused bool
		want   string
	}{
		{"walruskit", false, "The password has fewer than 12 characters. " + goodPassword},
		{"aisha-elm", false, "The password has fewer than 12 characters, holds your name and holds the name of your mailbox or organisation. " + goodPassword},
		{"Rahmanrahman", true, "The password is one of your last 4 and holds your name. " + goodPassword},
		{"letmeinletmein", true, "The password is one of your last 4 and is one of those that are tried first. " + goodPassword},
		{strings.Repeat("aisha ", 50), true, "The password has more than 256 characters. " + goodPassword},
	} {
		f := f
		f.Reused = c.reused
		if v := CheckPassword(c.pw, f, p.Password); v.Allowed || v.Reason != c.want {
			t.Errorf("%.20s: %q, want %q", c.pw, v.Reason, c.want)
		}
	}
}

func TestMayLogin(t *testing.T) {
	t.Parallel()
	now := time.Date(2017, 9, 1, 12, 0, 0, 0, time.UTC)
	past, future := now.AddDate(0, 0, -3), now.AddDate(0, 0, 3)
	for _, c := range []struct {
		name string
		f    LoginFacts
		rule haven.Rule
		ok   bool
	}{
		{"active, program", LoginFacts{State: Active}, "login.program", true},
		{"active, web", LoginFacts{State: Active, Face: Web}, "login.web", true},
		{"expires later", LoginFacts{State: Active, Expires: future}, "login.program", true},
		{"expired, program", LoginFacts{State: Active, Expires: past}, "password.expired", false},
		{"expired this moment", LoginFacts{State: Active, Expires: now}, "password.expired", false},
		{"expired stops app passwords too", LoginFacts{State: Active, Expires: past, AppPassword: true}, "password.expired", false},
		{"expired, web leads to the change page", LoginFacts{State: Active, Face: Web, Expires: past}, "login.web", true},
		{"temporary, program", LoginFacts{State: Active, MustChange: true}, "password.temporary", false},
		{"temporary, web", LoginFacts{State: Active, Face: Web, MustChange: true}, "login.web", true},
		{"temporary, still good, web", LoginFacts{State: Active, Face: Web, MustChange: true, Expires: future}, "login.web", true},
		{"temporary, lapsed, web", LoginFacts{State: Active, Face: Web, MustChange: true, Expires: past}, "password.temporary-lapsed", false},
		{"temporary, lapsed, program", LoginFacts{State: Active, MustChange: true, Expires: past}, "password.temporary-lapsed", false},
		{"invited, program", LoginFacts{State: Invited}, "account.not-activated", false},
		{"invited, web activates", LoginFacts{State: Invited, Face: Web}, "login.web", true},
		{"inactive, program", LoginFacts{State: Inactive}, "account.inactive", false},
		{"inactive, web", LoginFacts{State: Inactive, Face: Web}, "login.web", true},
		{"leaver, program", LoginFacts{State: Leaver}, "account.leaver", false},
		{"leaver, web", LoginFacts{State: Leaver, Face: Web}, "login.web", true},
		{"disabled, program", LoginFacts{State: Disabled}, "account.disabled", false},
		{"disabled, web", LoginFacts{State: Disabled, Face: Web}, "account.disabled", false},
		{"blocked, program", LoginFacts{State: Blocked}, "account.blocked", false},
		{"blocked, web", LoginFacts{State: Blocked, Face: Web}, "account.blocked", false},
		{"died", LoginFacts{State: Died}, "account.blocked", false},
		{"deleted", LoginFacts{State: Deleted, Face: Web}, "account.blocked", false},
		{"a state that nobody knows", LoginFacts{State: 77, Face: Web}, "account.blocked", false},
		{"no state", LoginFacts{Face: Web}, "account.blocked", false},
		{"a shared mailbox never", LoginFacts{Kind: haven.Shared, State: Active, Face: Web}, "login.shared", false},
	} {
		c.f.Portal = "https://haven.example"
		v := MayLogin(c.f, now)
		if v.Rule != c.rule || v.Allowed != c.ok || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %+v, want %s %v", c.name, v, c.rule, c.ok)
		}
	}
	v := MayLogin(LoginFacts{State: Active, Expires: past, Portal: "https://haven.example"}, now)
	if want := "Your password expired on 29 August 2017, change it at https://haven.example."; v.Reason != want {
		t.Errorf("reason %q, want %q", v.Reason, want)
	}
}

// TestNoPortal: in a service without a portal nobody is sent to one.
func TestNoPortal(t *testing.T) {
	t.Parallel()
	now := time.Date(2017, 9, 1, 12, 0, 0, 0, time.UTC)
	for _, f := range []LoginFacts{{State: Invited}, {State: Inactive}, {State: Leaver}, {State: Active, MustChange: true}, {State: Active, Expires: now}} {
		if v := MayLogin(f, now); strings.Contains(v.Reason, " at") || !strings.Contains(v.Reason, "elpdesk") {
			t.Errorf("%+v: %s", f, v.Reason)
		}
		f.Portal = "https://portal.haven.example"
		if v := MayLogin(f, now); !strings.Contains(v.Reason, " at "+f.Portal) {
			t.Errorf("%+v: %s", f, v.Reason)
		}
	}
}

func TestMayReceive(t *testing.T) {
	t.Parallel()
	for s, want := range map[State]bool{
		Invited: true, Active: true, Inactive: true, Disabled: true, Leaver: true, Blocked: true, Died: true,
		Deleted: false, Closing: false, Sealed: false, 0: false, 99: false,
	} {
		if got := MayReceive(haven.Personal, s); got.Allowed != want {
			t.Errorf("%s: %v, want %v", s, got.Allowed, want)
		}
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	p := policy.Lockout{LockAfter: 30, LockFor: 30 * time.Minute}
	if !AfterFailure(29, p, now).IsZero() {
		t.Error("29 failures lock nothing")
	}
	until := AfterFailure(30, p, now)
	for _, c := range []struct {
		name  string
		known bool
		at    time.Time
		want  bool
	}{
		{"unknown place, at once", false, now, true},
		{"unknown place, a moment before the end", false, until.Add(-1), true},
		{"unknown place, after it", false, until, false},
		{"known place", true, now, false},
	} {
		if got := Locked(Failures{LockedUntil: until, KnownPlace: c.known}, c.at); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if !AfterFailure(1000, policy.Lockout{}, now).IsZero() {
		t.Error("a policy without lock-out locks nothing")
	}
}

func TestStateNames(t *testing.T) {
	t.Parallel()
	for s := Invited; s <= Sealed; s++ {
		if got, ok := ParseState(s.String()); !ok || got != s {
			t.Errorf("state %d is written %q and read back as %d", s, s.String(), got)
		}
	}
	if _, ok := ParseState("asleep"); ok {
		t.Error("asleep is no state")
	}
}

func TestNetworkOf(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::9": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "pipe": "pipe", "192.0.2.7:25": "192.0.2.7:25",
	} {
		if got := NetworkOf(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMayUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rights       haven.Rights
		former       bool
		ok, onBehalf bool
	}{
		{haven.Own, false, true, false}, {haven.Member, false, true, false}, {haven.Owner, false, true, false},
		{haven.Read | haven.SendOnBehalf, false, true, true}, {haven.SendAs, false, true, false},
		{haven.Read | haven.Write, false, false, false}, {haven.Manage, false, false, false}, {0, false, false, false},
		{haven.Own, true, false, false}, {haven.SendOnBehalf, true, false, false},
	} {
		onBehalf, v := MayUse(c.rights, c.former)
		if v.Allowed != c.ok || onBehalf != c.onBehalf || !v.Allowed && (v.Rule != "submission.sender" || v.Reason == "") {
			t.Errorf("%s former %v: %v %+v", c.rights, c.former, onBehalf, v)
		}
	}
}
