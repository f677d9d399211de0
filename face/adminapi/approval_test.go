package adminapi

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"haven"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/platform/db"
)

// untold drops what is told: of registrations only approvals are made here, and what they tell is registration's to test.
type untold struct{ registration.Notices }

func (untold) ApprovalAsked(*db.Tx, registration.ApprovalNotice) error { return nil }
func (untold) Approved(*db.Tx, registration.ApprovalNotice) error      { return nil }

// On the machine itself two operators' words approve an application; a token's don't.
func TestApproval(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		if _, err := h.Places.Add(t.Context(), peopletest.Operator, organisation.Organisation{Kind: organisation.Pharmacy, Code: "FX005", Name: "LONE PHARMACY", Place: "LEEDS", Postcode: "LS1 1AA", Telephone: "0113 4960005"}); err != nil {
			t.Fatal(err)
		}
		pass, err := s.applications.AskApproval(t.Context(), haven.Actor{Program: "portal"}, "FX005", registration.Unproven{Name: "Ann Example", Email: "ann@home.example", Why: "The manager."})
		if err != nil {
			t.Fatal(err)
		}
		olive, omar, ben := h.Person("Olive", "Orton"), h.Person("Omar", "Orr"), h.Person("Ben", "Whitlock")
		for _, who := range []haven.AccountNo{olive.No, omar.No} {
			if _, err := h.Operators.Add(t.Context(), peopletest.Operator, who); err != nil {
				t.Fatal(err)
			}
		}
		local := func(method, path, body string, code int, want string) {
			t.Helper()
			w, r := httptest.NewRecorder(), httptest.NewRequest(method, base+path, strings.NewReader(body))
			if body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			s.api.Local().ServeHTTP(w, r)
			if w.Code != code || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s %s %s: %d %s, want %d with %s", method, path, body, w.Code, w.Body, code, want)
			}
		}
		in := func(side string, by haven.Address) string {
			return fmt.Sprintf(`{"reference":%q,"for":%q,"by":%q}`, pass.Ref, side, by)
		}
		task := "/tasks/" + string(pass.Ref)
		local("GET", "/tasks", "", 200, `"kind":"approval"`)
		local("GET", task, "", 200, `"telephone":"0113 4960005"`)
		local("POST", "/tasks/approve", `{"by":"nobody"}`, 422, "on whose word")
		local("POST", "/tasks/approve", in("desk", ben.Address), 404, `"status":404`)
		local("POST", "/tasks/approve", in("shop", olive.Address), 403, "registration.approve-side")
		local("POST", "/tasks/approve", in("desk", olive.Address), 200, `"done":false`)
		local("GET", task, "", 200, `"for":"desk","by":"olive.orton@`)
		local("POST", "/tasks/approve", in("local-team", olive.Address), 403, "registration.approve-twice")
		local("POST", "/tasks/approve", in("local-team", omar.Address), 200, `"done":true`)
		local("GET", task, "", 404, `"status":404`)
	})
}
