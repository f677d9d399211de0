package load

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Person logs in on the pages.
type Person struct{ User, Password string }

// Pages is what a run of requests to the pages saw.
type Pages struct {
	P50, P95, P99 time.Duration
	PerSecond     float64
}

// reader is a person with a browser of their own, who is logged in.
type reader struct {
	client *http.Client
	base   string
	paths  []string
}

var (
	formField   = regexp.MustCompile(`<input type="hidden" name="(form|whose)" value="([^"]*)"`)
	mailboxLink = regexp.MustCompile(`href="(/mailbox/[a-z0-9]+)"`)
)

// Readers are people who are logged in, each with a browser of their own.
type Readers []*reader

// LogInOnPages logs everybody in.
func (t Target) LogInOnPages() (all Readers, err error) {
	for _, who := range t.People {
		r, err := t.reader(who)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", who.User, err)
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		err = errors.New("nobody can log in on the pages")
	}
	return all, err
}

// Look has them look at pages for a while, at an even rate whatever the answers take: what waits behind a slow answer counts as slow too. Each looks at
// the own mailboxes and account, the pages of a mailbox, and types into the directory.
func (readers Readers) Look(perSecond int, d time.Duration) (p Pages, err error) {
	n := int(d.Seconds() * float64(perSecond))
	took, rate, err := evenly(n, perSecond, func(i int) error {
		r := readers[i%len(readers)]
		return r.get(r.paths[i/len(readers)%len(r.paths)])
	})
	return Pages{took[n/2], took[n*95/100], took[n*99/100], rate}, err
}

// reader logs a person in.
func (t Target) reader(who Person) (*reader, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	r := &reader{base: strings.TrimSuffix(t.Web, "/"), client: &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	text, err := r.read(r.client.Get(r.base + "/log-in"))
	if err != nil {
		return nil, err
	}
	form := url.Values{"user": {who.User}, "password": {who.Password}, "shared": {"no"}}
	for _, m := range formField.FindAllStringSubmatch(text, -1) {
		form.Set(m[1], m[2])
	}
	text, err = r.read(r.client.PostForm(r.base+"/log-in", form))
	if err != nil {
		return nil, err
	}
	if !strings.Contains(text, `action="/log-out"`) {
		return nil, errors.New("the log in did not open the pages")
	}
	r.paths = []string{"/mailboxes", "/account", "/directory?q=wh", "/directory?q=whitlock+leeds", "/account/sessions", "/account/programs", "/status"}
	for _, m := range mailboxLink.FindAllStringSubmatch(text, -1) {
		r.paths = append(r.paths, m[1])
	}
	return r, nil
}

func (r *reader) get(path string) error {
	_, err := r.read(r.client.Get(r.base + path))
	return err
}

func (r *reader) read(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Request.URL.Path, resp.Status)
	}
	return string(text), err
}
