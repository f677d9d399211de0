package main

import (
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// TestProgramsWithoutASecondFactor: an owner who needs a second factor and has none goes on reading and sending with a mail program, and sees who has access as on
// the pages; what only owners do is refused there too.
func TestProgramsWithoutASecondFactor(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]string{"owners": "owners = true", "everybody": "staff = true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := install(t, "policy.second_factor: grace = \"0s\"", "policy.second_factor: "+policy, "policy.account: passwords_in_programs = false").serve()
			owner, _ := i.person("Aisha", "Rahman")
			colleague, _ := i.person("Ben", "Whitlock")
			i.admin("organisation", "add", "pharmacy", "FX002", "Test Pharmacy", "Leeds")
			i.admin("account", "contact", owner, "--mobile", "07700 900123", "--proven")
			i.admin("mailbox", "add", "FX002", "--owner", owner)
			password := strings.Fields(i.admin("account", "app-password", owner, "PC"))[4]
			c, err := i.signIn(owner, password)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Select("Shared/"+box, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
				t.Errorf("reading: %v", err)
			}
			if err := i.submit(owner, password, colleague, "Hello."); err != nil {
				t.Errorf("sending: %v", err)
			}
			if data, err := c.GetACL("Shared/" + box).Wait(); err != nil || data.Rights[imap.RightsIdentifier(owner)] == nil {
				t.Errorf("who has access: %v, %v", data, err)
			}
			err = c.SetACL("Shared/"+box, imap.RightsIdentifier(colleague), imap.RightModificationReplace, imap.RightSet("lr")).Wait()
			if err == nil || !strings.Contains(err.Error(), "Set yours up first") {
				t.Errorf("giving access: %v", err)
			}
			if out := i.admin("member", "list", box); strings.Contains(out, colleague) {
				t.Errorf("it was given:\n%s", out)
			}
		})
	}
}
