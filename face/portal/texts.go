package portal

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/people/activation"
	"haven/people/texts"
	"haven/platform/errs"
)

// rulesOfUse stands in addresses for the rules of use, whose versions people accept (package activation).
const (
	rulesOfUse = "acceptable-use"
	rulesTitle = "Acceptable use"
	textsPath  = "/operator/texts"
)

const versionsShown = 30

// textWhat says what each text is for.
var textWhat = map[texts.Name]string{
	texts.Help: "What people read who look for help.", texts.Training: "Guides and training.", texts.NationalDesk: "One line on every page: number and hours.",
	texts.Privacy: "What is kept, who sees it, how long.", texts.Accessibility: "How the pages can be used.", texts.Cookies: "Which cookies, and what for.",
}

func textsPage(q *request) error {
	p, err := q.s.o.Activation.Current(q.ctx())
	if err != nil {
		return err
	}
	rows := []page.TextRow{{Href: textsPath + "/" + rulesOfUse, Title: rulesTitle, What: "The rules that everybody accepts.", Version: "Version " + strconv.Itoa(p.Version) + "."}}
	for _, n := range texts.Names {
		t, err := q.s.o.Texts.Current(q.ctx(), n)
		if err != nil {
			return err
		}
		rows = append(rows, page.TextRow{Href: textsPath + "/" + string(n), Title: n.Title(), What: textWhat[n], Version: versionName(t) + "."})
	}
	q.frame.Title, q.frame.Back = "Texts", operatorHome
	return q.show(http.StatusOK, page.TextsPage(q.frame, rows))
}

func versionName(t texts.Text) string {
	if t.Version == 0 {
		return "As it came with the program"
	}
	return "Version " + strconv.Itoa(t.Version) + ", " + moment(t.At)
}

func rulesVersion(p activation.UsePolicy) string {
	if p.Since.IsZero() {
		return "As they came with the program"
	}
	return "Version " + strconv.Itoa(p.Version) + ", " + moment(p.Since) + ", in force from " + moment(p.Holds)
}

// writing is what the address names, as it is published now.
func (q *request) writing() (w page.Writing, err error) {
	n := texts.Name(q.r.PathValue("name"))
	w = page.Writing{Path: textsPath + "/" + string(n), Title: n.Title(), Line: n == texts.NationalDesk}
	if n == rulesOfUse {
		all, err := q.s.o.Activation.Versions(q.ctx(), versionsShown)
		if err != nil {
			return w, err
		}
		w.Title, w.Rules, w.Read, w.Body = rulesTitle, true, strconv.Itoa(all[0].Version), all[0].Text
		for _, p := range all {
			w.Versions = append(w.Versions, page.TextRow{Href: w.Path + "/" + strconv.Itoa(p.Version), Version: rulesVersion(p)})
		}
		return w, nil
	}
	all, err := q.s.o.Texts.Versions(q.ctx(), n, versionsShown)
	if err != nil {
		return w, err
	}
	w.Read, w.Body = strconv.Itoa(all[0].Version), all[0].Body
	for _, t := range all {
		row := page.TextRow{Href: w.Path + "/" + strconv.Itoa(t.Version), Version: versionName(t)}
		if t.Version > 0 {
			row.What = "by " + q.writer(t.By)
		}
		w.Versions = append(w.Versions, row)
	}
	return w, nil
}

// writer is the name of who wrote a version.
func (q *request) writer(id haven.AccountID) string {
	if id.IsZero() {
		return "the command line or a program"
	}
	if a, err := q.s.o.Accounts.ByID(q.ctx(), id); err == nil {
		return a.Display
	}
	return "somebody who has no account any more"
}

func textPage(q *request) error {
	w, err := q.writing()
	if err != nil {
		return err
	}
	return q.showWriting(http.StatusOK, w)
}

func (q *request) showWriting(code int, w page.Writing, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = w.Title, problems, textsPath
	return q.show(code, page.WritePage(q.frame, w))
}

func textVersionPage(q *request) error {
	n := texts.Name(q.r.PathValue("name"))
	version, err := strconv.Atoi(q.r.PathValue("version"))
	if err != nil {
		return errs.E(errs.NotFound, "")
	}
	if n == rulesOfUse {
		return q.showRules(version)
	}
	t, err := q.s.o.Texts.Version(q.ctx(), n, version)
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Back = n.Title(), textsPath+"/"+string(n)
	return q.show(http.StatusOK, page.TextPage(q.frame, page.Words{Title: n.Title(), Body: texts.Parse(t.Body), Version: versionName(t)}))
}

// showRules shows a version of the rules of use as people accepted it.
func (q *request) showRules(version int) error {
	all, err := q.s.o.Activation.Versions(q.ctx(), versionsShown)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Version == version {
			q.frame.Title, q.frame.Back = rulesTitle, textsPath+"/"+string(rulesOfUse)
			return q.show(http.StatusOK, page.TextPage(q.frame, page.Words{Title: rulesTitle, Body: texts.Parse(p.Text), Version: rulesVersion(p)}))
		}
	}
	return errs.E(errs.NotFound, "")
}

// writeText shows a text as people will see it, and publishes it once that is right.
func writeText(q *request) error {
	w, err := q.writing()
	if err != nil {
		return err
	}
	w.Body, w.Read, w.Holds = texts.Clean(q.r.PostFormValue("body")), q.value("read"), q.value("holds")
	holds, ok := parseMoment(w.Holds)
	switch {
	case w.Body == "":
		return q.showWriting(http.StatusUnprocessableEntity, w, page.Problem{Field: "body", Say: "Write a text"})
	case !ok:
		return q.showWriting(http.StatusUnprocessableEntity, w, page.Problem{Field: "holds", Say: "Write day and time like 25/11/2026 09:00"})
	case q.value("back") != "":
		return q.showWriting(http.StatusOK, w)
	case q.value("sure") != "yes":
		return q.showWriteCheck(http.StatusOK, w, holds)
	}
	problems, err := q.provenHere()
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return q.showWriteCheck(http.StatusUnprocessableEntity, w, holds, problems...)
	}
	if err := q.publish(w, holds); err != nil {
		return q.notPublished(w, err)
	}
	q.frame.Done = w.Title + ": the new version is published."
	return textsPage(q)
}

func (q *request) showWriteCheck(code int, w page.Writing, holds time.Time, problems ...page.Problem) error {
	if holds.IsZero() {
		holds = q.now().Add(q.s.o.Policy.Activation.AcceptPolicy)
	}
	w.HoldsFrom = moment(holds)
	q.frame.Title, q.frame.Errors, q.frame.Back = "Is this right?", problems, w.Path
	return q.show(code, page.WriteCheckPage(q.frame, w, texts.Parse(w.Body)))
}

func (q *request) publish(w page.Writing, holds time.Time) error {
	if w.Rules {
		_, err := q.s.o.Activation.Publish(q.ctx(), q.actor(), w.Body, holds)
		return err
	}
	read, err := strconv.Atoi(w.Read)
	if err != nil {
		read = -1 // no version: as if somebody had written meanwhile
	}
	_, err = q.s.o.Texts.Write(q.ctx(), q.actor(), texts.Name(q.r.PathValue("name")), w.Body, read)
	return err
}

// notPublished gives the text back, with what is wrong. Over a version that somebody else wrote it goes only after that was seen: the form then
// names that version.
func (q *request) notPublished(w page.Writing, err error) error {
	e := (*errs.Error)(nil)
	if !errors.As(err, &e) || e.Kind != errs.Invalid && e.Kind != errs.Conflict {
		return err
	}
	field := "body"
	if e.Rule == "activation.policy-holds" {
		field = "holds"
	}
	if now, failed := q.writing(); failed == nil && e.Kind == errs.Conflict {
		w.Read, w.Versions = now.Read, now.Versions
	}
	return q.showWriting(http.StatusUnprocessableEntity, w, page.Problem{Field: field, Say: e.Say})
}
