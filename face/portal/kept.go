package portal

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/session"
)

// keep says which fields of a form are kept for its person when it can't be sent (Rules 6), and on which page they come back. A name that ends in * is
// the beginning of several. Passwords, codes and answers are never among them.
type keep struct {
	fields []string
	up     int // the page is so many parts of the path above the form's own address
}

// keeps names what is kept of each form that people fill in while they are logged in. Of a form that is not here nothing is kept.
var keeps = map[string]keep{
	"POST /account/name":                        {fields: []string{"first", "last", "spelled"}},
	"POST /account/job":                         {fields: []string{"job"}},
	"POST /account/about":                       {fields: []string{"speciality", "note"}},
	"POST /account/telephone":                   {fields: []string{"telephone"}},
	"POST /account/mobile":                      {fields: []string{"contact"}},
	"POST /account/email":                       {fields: []string{"contact"}},
	"POST /account/mobile/shown":                {fields: []string{"show"}},
	"POST /account/away":                        {fields: awayFields},
	"POST /account/signature":                   {fields: []string{"signature"}},
	"POST /account/programs/new":                {fields: []string{"name", "mailbox"}},
	"POST /account/second-step/passkey":         {fields: []string{"name"}},
	"POST /account/posts/{org}/dispute":         {fields: []string{"reason"}},
	"POST /account/posts/{org}/leave":           {fields: []string{"successor-*", "reason"}},
	"POST /mailbox/{id}/member/{person}/left":   {fields: []string{"successor-*", "reason"}},
	"POST /mailbox/{id}/leave":                  {fields: []string{"successor"}},
	"POST /mailbox/{id}/handover":               {fields: []string{"correspondent"}},
	"POST /mailbox/{id}/away":                   {fields: awayFields},
	"POST /mailbox/{id}/signature":              {fields: []string{"signature"}},
	"POST /mailbox/{id}/add":                    {fields: []string{"address", "role", "end"}},
	"POST /mailbox/{id}/add/ask":                {fields: []string{"first", "last", "spelled", "email", "mobile", "reason"}},
	"POST /mailbox/{id}/about":                  {fields: []string{"about"}},
	"POST /mailbox/{id}/member/{person}/reach":  {fields: []string{"what", "value"}},
	"POST /mailbox/{id}/legal/particulars":      {fields: []string{"name", "part", "number", "office", "exempt", "community", "investment", "paid_up", "names", "address", "principal"}},
	"POST /mailbox/{id}/reading":                {fields: []string{"reading"}},
	"POST /mailbox/{id}/hours":                  {fields: []string{"day-*", "bank*"}},
	"POST /mailbox/{id}/hours/different":        {fields: []string{"date-*", "hours"}, up: 1},
	"POST /mailbox/{id}/locum/give":             {fields: []string{"address", "from-*", "days"}},
	"POST /mailbox/{id}/locum/ask":              {fields: []string{"first", "last", "reason"}},
	"POST /requests/{id}":                       {fields: []string{"answer", "reason"}},
	"POST /mailbox/{id}/member/{person}/rights": {fields: []string{"role"}, up: 1},
	"POST /operator/requests/{id}":              {fields: []string{"answer", "reason"}},
	"POST /operator/notices/new":                {fields: []string{"kind", "title", "text", "from", "until"}},
	"POST /operator/texts/{name}":               {fields: []string{"body", "holds"}},
}

var awayFields = []string{"from-*", "until-*", "inside", "outside", "strangers"}

// keptPages are the patterns of the pages on which something comes back.
var keptPages = func() map[string]bool {
	pages := map[string]bool{}
	for pattern, k := range keeps {
		pages["GET "+k.pageOf(strings.TrimPrefix(pattern, "POST "))] = true
	}
	return pages
}()

// actionField holds, among what is kept, the address of the form.
const actionField = ":action"

// pageOf is the path of the page that a form with this address stands on.
func (k keep) pageOf(action string) string {
	for range k.up {
		action = action[:strings.LastIndexByte(action, '/')]
	}
	return action
}

// of is what may be kept of what a form holds.
func (k keep) of(action string, form url.Values) url.Values {
	kept := url.Values{}
	for name, values := range form {
		if slices.ContainsFunc(k.fields, func(f string) bool {
			start, several := strings.CutSuffix(f, "*")
			return name == f || several && strings.HasPrefix(name, start)
		}) {
			kept[name] = values
		}
	}
	if len(kept) > 0 {
		kept.Set(actionField, action)
	}
	return kept
}

// keepForm keeps the form that the request sent, for whoever filled it in, and is the page to come back to; where there is nothing to keep, otherwise.
func (q *request) keepForm(who account.Account, otherwise string) (string, error) {
	if q.r.Method != http.MethodPost {
		return otherwise, nil
	}
	return q.keepAs(who, q.route.pattern, q.r.URL.Path, otherwise)
}

func (q *request) keepAs(who account.Account, pattern, action, otherwise string) (string, error) {
	k, ok := keeps[pattern]
	if !ok {
		return otherwise, nil
	}
	kept := k.of(action, q.r.PostForm)
	if len(kept) == 0 {
		return otherwise, nil
	}
	q.kept = true
	back := k.pageOf(action)
	return back, q.s.o.Forms.Keep(q.ctx(), who.No, back, kept)
}

// keepAfterEnd keeps a form that comes from a session which has ended by its age, for the person whose session it was, and asks who is there.
func (q *request) keepAfterEnd(token session.Token) (done bool, err error) {
	who, ok, err := q.s.o.Sessions.Aged(q.ctx(), token)
	if err != nil || !ok || who.ID.String() != q.r.PostFormValue("whose") || !q.formOf(token) {
		return false, err
	}
	back, err := q.keepForm(who, "")
	if err != nil || back == "" {
		return false, err
	}
	return true, q.redirect("/log-in?kept=1&next=" + url.QueryEscape(back))
}

// dropForm forgets what was kept of a form that has been sent now.
func (q *request) dropForm() error {
	k, ok := keeps[q.route.pattern]
	if !ok || q.kept || q.ses == nil || q.ses.Locked || q.ses.Pending {
		return nil
	}
	return q.s.o.Forms.Drop(q.ctx(), q.ses.Person.No, k.pageOf(q.r.URL.Path))
}

// refill gives a page back what its person had typed into it before, with a word that says so.
func (q *request) refill(code int, text *bytes.Buffer) error {
	if code != http.StatusOK || q.r.Method != http.MethodGet || q.ses == nil || q.ses.Locked || q.ses.Pending || !keptPages[q.route.pattern] {
		return nil
	}
	kept, err := q.s.o.Forms.Of(q.ctx(), q.ses.Person.No, q.r.URL.Path)
	if err != nil || kept.Values == nil {
		return err
	}
	doc, err := html.Parse(bytes.NewReader(text.Bytes()))
	if err != nil {
		return err
	}
	form := find(doc, func(n *html.Node) bool {
		return n.DataAtom == atom.Form && attr(n, "method") == "post" && attr(n, "action") == kept.Values.Get(actionField)
	})
	if form == nil { // the page asks for something else now
		return nil
	}
	fill(form, kept.Values)
	var says bytes.Buffer
	if err := page.KeptNote(q.frame, page.Kept{Page: q.r.URL.Path, At: moment(kept.At)}).Render(q.ctx(), &says); err != nil {
		return err
	}
	main := find(doc, func(n *html.Node) bool { return n.DataAtom == atom.Main })
	nodes, err := html.ParseFragment(&says, main)
	if err != nil {
		return err
	}
	for _, n := range slices.Backward(nodes) {
		main.InsertBefore(n, main.FirstChild)
	}
	text.Reset()
	return html.Render(text, doc)
}

// find is the first element, in the page's order, of which a question is true.
func find(n *html.Node, is func(*html.Node) bool) *html.Node {
	if n.Type == html.ElementNode && is(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if found := find(c, is); found != nil {
			return found
		}
	}
	return nil
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// set gives an element an attribute, or takes it away.
func set(n *html.Node, name, value string, on bool) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	if on {
		n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
	}
}

// fill puts values into the fields of a form. A field of another kind than those people type into or choose from stays as it is.
func fill(n *html.Node, values url.Values) {
	given, has := values[attr(n, "name")], values.Has(attr(n, "name"))
	switch {
	case n.DataAtom == atom.Textarea && has:
		for n.FirstChild != nil {
			n.RemoveChild(n.FirstChild)
		}
		n.AppendChild(&html.Node{Type: html.TextNode, Data: given[0]})
	case n.DataAtom == atom.Select && has:
		choose(n, given[0])
	case n.DataAtom == atom.Input:
		switch attr(n, "type") {
		case "radio", "checkbox":
			set(n, "checked", "", slices.Contains(given, attr(n, "value")))
		case "text", "email", "tel", "search":
			if has {
				set(n, "value", given[0], true)
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		fill(c, values)
	}
}

func choose(n *html.Node, value string) {
	if n.DataAtom == atom.Option {
		set(n, "selected", "", attr(n, "value") == value)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		choose(c, value)
	}
}

// lockNow locks the session at once: by the button, or by the script of a page that nobody has used for a while, which sends what was typed there.
func lockNow(q *request) error {
	next := q.next(home)
	if action := q.value("kept"); action != "" {
		var err error
		pattern, path := q.s.patternOf(action)
		if next, err = q.keepAs(q.ses.Person, pattern, path, next); err != nil {
			return err
		}
	}
	if err := q.s.o.Sessions.Lock(q.ctx(), q.token, q.actor()); err != nil {
		return err
	}
	if q.r.Header.Get("Haven-Part") != "lock" {
		return q.redirect(next)
	}
	q.w.Header().Set("Haven-Part", "lock")
	q.w.Header().Set("Content-Type", "text/plain; charset=utf-8") // the script goes there by itself
	_, err := q.w.Write([]byte(next))
	return err
}

// patternOf is the route of a form with this address.
func (s *Server) patternOf(action string) (pattern, path string) {
	u, err := url.Parse(action)
	if err != nil {
		return "", ""
	}
	_, pattern = s.mux.Handler(&http.Request{Method: http.MethodPost, URL: &url.URL{Path: u.Path}})
	return pattern, u.Path
}

// dropKept forgets what was kept of a page.
func dropKept(q *request) error {
	path := q.next(home)
	if err := q.s.o.Forms.Drop(q.ctx(), q.ses.Person.No, path); err != nil {
		return err
	}
	return q.redirect(path)
}
