package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"haven/face/jmap"
	"haven/face/jmap/jmapclient"
)

// A patch that leads nowhere changes nothing, whatever type it is for: it is invalidPatch, or names the property that is wrong (RFC 8620 §5.3).
func TestRFC8620_5_3_PatchesToNowhere(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	c := w.client(jmapclient.Basic(w.ann.Address.String(), jmapPassword))
	for name := range c.Session.Capabilities {
		if !strings.HasSuffix(name, "websocket") {
			c.Using = append(c.Using, name)
		}
	}
	own := c.Session.Own()
	call := func(name string, args jmapclient.Args) (out map[string]json.RawMessage, fault string) {
		t.Helper()
		args["accountId"] = own
		r, err := c.Call(t.Context(), jmapclient.Call{Name: name, Args: args, ID: "0"})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Answers[0].Into(&out); err != nil {
			t.Fatal(err)
		}
		return out, r.Answers[0].Error()
	}
	up, err := c.Upload(t.Context(), own, "message/rfc822", strings.NewReader("From: a@surgery.example\r\nSubject: x\r\n\r\ny\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := c.Upload(t.Context(), own, "application/sieve", strings.NewReader("keep;"))
	if err != nil {
		t.Fatal(err)
	}
	folders, _ := call("Mailbox/get", jmapclient.Args{})
	var boxes []struct{ ID, Role string }
	if err := json.Unmarshal(folders["list"], &boxes); err != nil {
		t.Fatal(err)
	}
	for _, made := range []struct {
		name string
		args jmapclient.Args
	}{
		{"Email/import", jmapclient.Args{"emails": jmapclient.Args{"a": jmapclient.Args{"blobId": up.Blob, "mailboxIds": map[string]bool{boxes[0].ID: true}}}}},
		{"SieveScript/set", jmapclient.Args{"create": jmapclient.Args{"a": jmapclient.Args{"name": "a", "blobId": script.Blob}}}},
	} {
		if out, fault := call(made.name, made.args); fault != "" || string(out["created"]) == "null" {
			t.Fatalf("%s: %s %s", made.name, fault, out)
		}
	}
	tried := 0
	for _, name := range jmap.Describe().Names {
		of, isSet := strings.CutSuffix(name, "/set")
		if !isSet {
			continue
		}
		ids, fault := call(of+"/get", jmapclient.Args{})
		var list []map[string]json.RawMessage
		if fault == "" {
			if err := json.Unmarshal(ids["list"], &list); err != nil {
				t.Fatalf("%s: %v", of, err)
			}
		}
		if len(list) == 0 {
			continue
		}
		tried++
		var id string
		if err := json.Unmarshal(list[0]["id"], &id); err != nil {
			t.Fatal(err)
		}
		for _, patch := range []jmapclient.Args{
			{"nothing": 1}, {"nothing/at/all": true}, {"/": 1}, {"": 1}, {"id/x": "y"}, {"name/x": 1}, {"a~2b": 1}, {"keywords/$seen/x": true}, {"mailboxIds/F-none": true},
			{"myRights/mayDelete": true}, {"id": "other"}, {"subject": jmapclient.Args{"a": 1}}, {"name": 7}, {"isActive": "no"}, {"mailboxIds": nil}, {"keywords": []int{1}},
			{"keywords/$seen": true, "keywords": jmapclient.Args{}}, {strings.Repeat("a/", 5_000): 1},
		} {
			out, fault := call(name, jmapclient.Args{"update": jmapclient.Args{id: patch}})
			var refused map[string]struct{ Type string }
			if err := json.Unmarshal(out["notUpdated"], &refused); err != nil && fault == "" {
				t.Errorf("%s takes %v: %s", name, patch, out["updated"])
				continue
			}
			if !slices.Contains([]string{"invalidPatch", "invalidProperties", "forbidden"}, refused[id].Type) && fault == "" {
				t.Errorf("%s answers %v with %q", name, patch, refused[id].Type)
			}
		}
		after, _ := call(of+"/get", jmapclient.Args{})
		if string(after["list"]) != string(ids["list"]) {
			t.Errorf("%s changed:\n%s\n%s", of, ids["list"], after["list"])
		}
	}
	if tried < 5 {
		t.Errorf("only %d types had something to change", tried)
	}
}
