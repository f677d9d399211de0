package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestContactsOfPremises: a list of contacts is looked at, applied and read again; what an operator sees of e-mails is masked.
func TestContactsOfPremises(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	var premises, file strings.Builder
	file.WriteString("ODS code,e-mail,GPhC number,source,date\n")
	for n := range 250 {
		fmt.Fprintf(&premises, `"FX%03d","TEST PHARMACY","Y62","QOP","1 ELM AVENUE","","LEEDS","","","LS1 1AA","20060601","","A","1","P001","20060601","","","","","","0","","QOP","","",""`+"\n", n)
		fmt.Fprintf(&file, "FX%03d,shop%d@group.example,1%06d,GPhC register,2025-04-01\n", n, n, n)
	}
	if out, errOut, code := operateIn(t, premises.String(), "admin", "--config", i.conf, "ods", "import", "-", "--apply"); code != 0 {
		t.Fatalf("%d\n%s%s", code, out, errOut)
	}
	i.admin("organisation", "central", "P001", "--contact", "Ines Calvo", "--email", "i@group.example")
	changed := strings.Replace(strings.Replace(file.String(), "shop7@", "new@", 1), "FX008,shop8@group.example", "FX008,sh@o", 1)
	for _, c := range []struct {
		text  string
		words string
		code  int
		want  []string
	}{
		{file.String(), "", 0, []string{"250 lines: 0 as they are, 0 refused, 0 repeated\n  new        250\n", "0 of 250 active premises lack", "Nothing was changed. Run it again with --apply"}},
		{file.String(), "--apply", 0, []string{"200 of 250 lines (80 %)", "250 of 250 lines (100 %)", "new        250"}},
		{file.String(), "--apply", 0, []string{"250 lines: 250 as they are, 0 refused", "new        0\n  changed    0\n  confirmed  0\n"}},
		{changed, "--apply", 0, []string{"  line 9, changed: FX007 TEST PHARMACY (e-mail from s•••@g••• to n•••@g•••)\n", "  line 10 refused: gives no e-mail address of FX008\n"}},
		{"ODS code,e-mail,GPhC number,source,date\nFX999,a@group.example,1000000,list,2025-04-01\n", "--apply", 1, []string{"line 2 refused: FX999 is no premises here; import the national list first", "all 1 lines of the file were refused"}},
	} {
		out, errOut, code := operateIn(t, c.text, append([]string{"admin", "--config", i.conf, "ods", "import-contacts", "-"}, strings.Fields(c.words)...)...)
		for _, want := range c.want {
			if code != c.code || !strings.Contains(out+errOut, want) {
				t.Errorf("%s: code %d, wanted %d and %q\n%.2000s%s", c.words, code, c.code, want, out, errOut)
			}
		}
		if strings.Contains(out+errOut, "@group.example") {
			t.Errorf("an e-mail is shown:\n%s", out)
		}
	}
	out := i.admin("ods", "show", "fx007")
	for _, want := range []string{"  registered e-mail n•••@g•••, GPhC number 1000007 (GPhC register, 2025-04-01)\n", "  before: s•••@g•••, 1000007 (GPhC register, 2025-04-01)\n", "  registered centrally by P001: Ines Calvo, i@group.example\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	i.admin("organisation", "central", "FX007", "--off")
	if out := i.admin("ods", "show", "FX007"); strings.Contains(out, "registered centrally") {
		t.Errorf("after its release:\n%s", out)
	}
	if log := i.log.String(); strings.Contains(log, "@group.example") {
		t.Errorf("an e-mail is in the log:\n%s", log)
	}
}
