package portal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/peopletest"
	"haven/platform/audit"
	"haven/platform/db"
)

var recorded = regexp.MustCompile(`^[a-z-]+\.[a-z-]+$`)

// Whatever people and mail record has its words in the history.
func TestHistoryHasWords(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, root := range []string{"../../people", "../../mail", "../../platform/notify"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				value := recordOf(n)
				if value == nil {
					return true
				}
				what, err := strconv.Unquote(value.Value)
				if err != nil {
					t.Fatal(err)
				}
				if !recorded.MatchString(what) {
					return true // of something else
				}
				seen++
				if inHistory[what] == "" && !strings.HasPrefix(what, "organisation.") && !strings.HasPrefix(what, "operator.") && !strings.HasPrefix(what, "texts.") && !strings.HasPrefix(what, "notice.") && !strings.HasPrefix(what, "registration.") {
					t.Errorf("%s: %s has no words", path, what)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 30 {
		t.Errorf("only %d records were found", seen)
	}
}

// recordOf is what a piece of code records: the What of a struct, or the first text that it gives to a method named record or step.
func recordOf(n ast.Node) *ast.BasicLit {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "What" {
			value, _ := n.Value.(*ast.BasicLit)
			return value
		}
	case *ast.CallExpr:
		method, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || method.Sel.Name != "record" && method.Sel.Name != "step" {
			return nil
		}
		for _, arg := range n.Args {
			if value, ok := arg.(*ast.BasicLit); ok && value.Kind == token.STRING {
				return value
			}
		}
	}
	return nil
}

func TestHistory(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		path := "/mailbox/" + box.ID.String()
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(path+"/add").send(path+"/add", "address", ben.Address.String(), "role", "member", "end", "", "sure", "yes")
		b.get(path+"/history").want(200, path+"/history", "Access to the mailbox was given or changed: Ben Whitlock")
		if !strings.Contains(b.text, "Aisha Rahman") || !strings.Contains(b.text, "127.0.0.1") {
			t.Errorf("the mailbox's history is %s", b.text)
		}
		his := s.browser().logIn(ben, peopletest.Password)
		his.get("/account/history").want(200, "/account/history", "Logged in")
		if !strings.Contains(his.text, "Access to the mailbox was given or changed: "+box.Display) {
			t.Errorf("Ben's history is %s", his.text)
		}
		his.get(path+"/history").want(403, path+"/history", "Only an owner")
		h.Clock.Advance(time.Minute)
		if err := h.DB.Write(t.Context(), func(tx *db.Tx) error {
			for range historyRows {
				audit.Record(tx, audit.Entry{At: h.Clock.Now(), Actor: haven.Actor{Person: ben.ID}, What: "session.opened", On: ben.ID, Rule: "session.log-in"})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		his.get("/account/history").want(200, "/account/history", "Older")
		older := his.text[strings.Index(his.text, "?before="):]
		his.get("/account/history"+older[:strings.Index(older, `"`)]).want(200, "/account/history", "The account was made")
		his.get("/account/history?before=rubbish").want(200, "/account/history", "Logged in")
	})
}
