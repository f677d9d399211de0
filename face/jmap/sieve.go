package jmap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/sieve"
	"haven/mail/sieve/lang"
	"haven/platform/errs"
)

const sieveURN = "urn:ietf:params:jmap:sieve"

// Filters keeps the scripts of accounts, for whoever manages them; *sieve.Service is one.
type Filters interface {
	List(ctx context.Context, v sieve.Viewer) (sieve.Listing, error)
	State(ctx context.Context, v sieve.Viewer) (int64, error)
	Texts(ctx context.Context, v sieve.Viewer, ids []string) (map[string]string, error)
	Check(text string) error
	Create(ctx context.Context, actor haven.Actor, v sieve.Viewer, name, text string) (sieve.Script, error)
	Change(ctx context.Context, actor haven.Actor, v sieve.Viewer, ref sieve.Ref, e sieve.Edit) (sieve.Script, error)
	Delete(ctx context.Context, actor haven.Actor, v sieve.Viewer, ref sieve.Ref) error
	SetActive(ctx context.Context, actor haven.Actor, v sieve.Viewer, ref sieve.Ref) error
}

// sieveMethods are those of RFC 9661, which has neither /changes nor /queryChanges.
var sieveMethods = map[string]method{
	"SieveScript/get":      {sieveURN, func(c *call) (any, error) { return c.get(scripts{}) }},
	"SieveScript/set":      {sieveURN, scriptSet},
	"SieveScript/query":    {sieveURN, func(c *call) (any, error) { return c.query(scripts{}) }},
	"SieveScript/validate": {sieveURN, scriptValidate},
}

// sieveCapability is what RFC 9661 §1.2.1 says of an account; nil for who does not keep its filters: in a shared mailbox its owners do.
func (s *Server) sieveCapability(a Account) any {
	if !a.Rights.Has(haven.Manage) {
		return nil
	}
	p := s.o.Sieve
	return record{"maxSizeScriptName": p.NameOctets, "maxSizeScript": p.ScriptOctets, "maxNumberScripts": p.Scripts, "maxNumberRedirects": p.Redirects,
		"sieveExtensions": lang.Extensions(), "notificationMethods": nil, "externalLists": nil}
}

// scripts is the type SieveScript (RFC 9661 §2). What a set turns on or off stands in it.
type scripts struct {
	activate   string
	deactivate bool
}

var scriptShape = Shape{
	{"id", "SieveScriptId", ServerSet, ""},
	{"name", "string | null", 0, "where none is given, one that no script has"},
	{"blobId", "BlobId", Required, "what it says"},
	{"isActive", "boolean", ServerSet, "changed by onSuccessActivateScript and onSuccessDeactivateScript of /set"},
}

var scriptProperties = scriptShape.names()

func (scripts) Properties() (all, usual []string) { return scriptProperties, scriptProperties }

// filterViewer is a viewer at an account's scripts; reading asks for no account's id.
func filterViewer(v mailbox.Viewer) sieve.Viewer {
	return sieve.Viewer{Person: v.Person, Account: v.Account, ByProgram: v.ByProgram, Held: v.Held}
}

// keeper is a viewer who changes an account's scripts.
func (c *call) keeper(v mailbox.Viewer) (haven.Actor, sieve.Viewer) {
	at := filterViewer(v)
	at.ID = c.accountID(v)
	return c.actor(at.ID), at
}

func (c *call) scripts(v mailbox.Viewer) (sieve.Listing, error) {
	return c.srv.o.Filters.List(c.ctx, filterViewer(v))
}

func (scripts) State(c *call, v mailbox.Viewer) (string, error) {
	return filterState(c.ctx, c.srv.o.Filters, c.srv.o.Mail, v)
}

func (scripts) Hold(_ *call, v mailbox.Viewer, at mailbox.State) *mailbox.Held {
	return sieve.Hold(v.Account, at)
}

func filterState(ctx context.Context, f filterStater, mail *mailbox.Service, v mailbox.Viewer) (string, error) {
	st, err := mail.States(ctx, v)
	if err != nil {
		return "", err
	}
	n, err := f.State(ctx, filterViewer(v))
	return stateAt(haven.Seq(n), st.Epoch), err
}

type filterStater interface {
	State(ctx context.Context, v sieve.Viewer) (int64, error)
}

// FilterStates is the state of SieveScript in an account, for what is pushed (RFC 8620 §7.1); none for who does not keep its filters.
func FilterStates(ctx context.Context, f filterStater, mail *mailbox.Service, v mailbox.Viewer) (map[string]string, error) {
	state, err := filterState(ctx, f, mail, v)
	if errs.Is(err, errs.Denied) {
		return nil, nil
	}
	return map[string]string{"SieveScript": state}, err
}

func (scripts) All(c *call, v mailbox.Viewer) (ids []string, err error) {
	l, err := c.scripts(v)
	for _, one := range l.Scripts {
		ids = append(ids, one.ID)
	}
	return ids, err
}

func (scripts) Read(c *call, v mailbox.Viewer, ids []string, want properties, add func(string, any)) error {
	l, err := c.scripts(v)
	if err != nil {
		return err
	}
	texts := map[string]string{}
	if want.Has("blobId") {
		if texts, err = c.srv.o.Filters.Texts(c.ctx, filterViewer(v), ids); err != nil {
			return err
		}
	}
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for _, one := range l.Scripts {
		text, there := texts[one.ID]
		if !wanted[one.ID] || want.Has("blobId") && !there { // it went a moment ago
			continue
		}
		add(one.ID, record{"name": one.Name, "blobId": scriptBlobID(one.ID, text), "isActive": one.Active})
	}
	return nil
}

const scriptType = "application/sieve"

// scriptBlobID names what a script says now: where it says something else, that is another blob, since no blob changes (RFC 8620 §6).
func scriptBlobID(id, text string) string {
	sum := sha256.Sum256([]byte(text))
	return id + "-" + hex.EncodeToString(sum[:12])
}

// openScript opens what a script says by its blob id, for who keeps the account's filters.
func (s *Server) openScript(ctx context.Context, v mailbox.Viewer, blobID string) (Blob, error) {
	id, _, _ := strings.Cut(blobID, "-")
	texts, err := s.o.Filters.Texts(ctx, filterViewer(v), []string{id})
	if errs.Is(err, errs.Denied) {
		return nil, errNoBlob
	}
	if err != nil {
		return nil, err
	}
	text, ok := texts[id]
	if !ok || scriptBlobID(id, text) != blobID {
		return nil, errNoBlob
	}
	return scriptBlob{bytes.NewReader([]byte(text))}, nil
}

// scriptBlob is what a script says.
type scriptBlob struct{ *bytes.Reader }

func (scriptBlob) Type() string { return scriptType }
func (scriptBlob) Close()       {}

// isScriptBlob reports whether an id has the form of a script's blob.
func isScriptBlob(id string) bool { return strings.HasPrefix(id, "s") && strings.Contains(id, "-") }

// scriptText is what is in a blob, as a script.
func (c *call) scriptText(v mailbox.Viewer, blobID string) (string, error) {
	b, err := c.openBlob(v, blobID)
	if errs.Is(err, errs.NotFound) {
		return "", blobGone(blobID)
	}
	if err != nil {
		return "", err
	}
	defer b.Close()
	if most := c.srv.o.Sieve.ScriptOctets; b.Size() > int64(most) {
		return "", with(refuse("tooLarge", "The script is longer than any may be. Make it shorter, or several that include each other."), "maxSize", most)
	}
	text, err := io.ReadAll(newSection(c.ctx, b))
	if err != nil {
		return "", err
	}
	if !utf8.Valid(text) {
		return "", refuse("invalidSieve", "A script is text in UTF-8. Save it as that, and upload it again.")
	}
	return string(text), nil
}

// scriptValidate is SieveScript/validate (RFC 9661 §2.6).
func scriptValidate(c *call) (any, error) {
	v, err := c.account(haven.Read | haven.Manage)
	if err != nil {
		return nil, err
	}
	c.args.Require("blobId")
	id := c.args.ID("blobId")
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	r := record{"accountId": c.args.String("accountId"), "error": nil}
	text, err := c.scriptText(v, id)
	if err == nil {
		err = c.srv.o.Filters.Check(text)
	}
	if err == nil {
		return r, nil
	}
	e := asSetError(scriptError(err))
	if e.Type == "serverFail" || e.Type == "serverUnavailable" {
		return nil, err
	}
	r["error"] = e.object()
	return r, nil
}

// scriptRules are the set errors for what keeps a script from being as it was to be (RFC 9661 §2.4).
var scriptRules = map[haven.Rule]string{
	sieve.RuleScript:  "invalidSieve",
	sieve.RuleActive:  "sieveIsActive",
	sieve.RuleScripts: "overQuota",
	sieve.RuleOctets:  "tooLarge",
}

func scriptError(err error) error {
	for rule, typ := range scriptRules {
		if hasRule(err, string(rule)) {
			return refuse(typ, errs.Say(err))
		}
	}
	if hasRule(err, string(sieve.RuleName)) {
		return refuse("invalidProperties", errs.Say(err), "name")
	}
	return err
}
