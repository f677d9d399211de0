package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"haven/platform/clock"
	"haven/platform/errs"
)

// GovUK is GOV.UK Notify as a gateway, by its REST API (docs.notifications.service.gov.uk/rest-api.html). The words are ours: at Notify there
// is one template for texts, whose body is ((body)), and one for e-mails, with the subject ((subject)).
type GovUK struct {
	URL           string                 // "" is the real service
	Key           func() (string, error) // name-iss-secret, as Notify gives it out; asked each time, so that a mended one serves at once
	TextTemplate  string                 // ids
	EmailTemplate string
	Clock         clock.Clock
	Client        *http.Client // nil: one with bounds, which follows no redirect
}

// GovUKAddress is where Notify is.
const GovUKAddress = "https://api.notifications.service.gov.uk"

const (
	maxAnswer = 64 << 10 // octets that are read of an answer
	uuidLen   = 36
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// ParseKey takes a key of Notify apart, from the right: its name may hold dashes too.
func ParseKey(key string) (iss, secret string, err error) {
	if len(key) >= 2*uuidLen+1 {
		secret, iss = key[len(key)-uuidLen:], key[len(key)-2*uuidLen-1:len(key)-uuidLen-1]
	}
	if !uuid.MatchString(secret) || !uuid.MatchString(iss) {
		return "", "", errors.New("this is no key of GOV.UK Notify; it ends with two identifiers of 36 characters, such as name-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0")
	}
	return iss, secret, nil
}

// token is a JSON Web Token for one request (RFC 7519, HS256 of RFC 7518 §3.2).
func (g *GovUK) token() (string, error) {
	key, err := g.Key()
	if err != nil {
		return "", &errs.Error{Kind: errs.Transient, Rule: RuleKey, Say: "The key of Notify can't be read; look at notify.key_file.", Cause: err}
	}
	iss, secret, err := ParseKey(key)
	if err != nil {
		return "", &errs.Error{Kind: errs.Transient, Rule: RuleKey, Say: "What notify.key_file holds is no key of Notify."} // the cause might quote it
	}
	enc := base64.RawURLEncoding
	head := enc.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + enc.EncodeToString(fmt.Appendf(nil, `{"iss":%q,"iat":%d}`, iss, g.Clock.Now().Unix()))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(head))
	return head + "." + enc.EncodeToString(mac.Sum(nil)), nil
}

// Send is POST /v2/notifications/sms and /email.
func (g *GovUK) Send(ctx context.Context, ch Channel, c Content, ref string) (string, error) {
	path, body := "/v2/notifications/sms", map[string]any{"phone_number": c.To, "template_id": g.TextTemplate, "reference": ref, "personalisation": map[string]string{"body": c.Body}}
	if ch == Email {
		path, body = "/v2/notifications/email", map[string]any{"email_address": c.To, "template_id": g.EmailTemplate, "reference": ref,
			"personalisation": map[string]string{"subject": c.Subject, "body": c.Body}}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	var answer struct {
		ID string `json:"id"`
	}
	if err := g.do(ctx, http.MethodPost, path, text, &answer); err != nil {
		return "", err
	}
	if !uuid.MatchString(answer.ID) {
		return "", errs.E(errs.Transient, "Notify's answer names no notification.")
	}
	return answer.ID, nil
}

// State is GET /v2/notifications/{id}.
func (g *GovUK) State(ctx context.Context, name string) (State, string, error) {
	var answer struct {
		Status string `json:"status"`
	}
	if err := g.do(ctx, http.MethodGet, "/v2/notifications/"+url.PathEscape(name), nil, &answer); err != nil {
		return Sent, "", err
	}
	switch answer.Status {
	case "delivered", "sent", "received": // "sent" is the last that is known of numbers abroad
		return Delivered, "", nil
	case "permanent-failure":
		return Failed, "the number or address does not exist", nil
	case "temporary-failure":
		return Failed, "the phone was off or full for three days", nil
	case "technical-failure":
		return Failed, "Notify could not send it", nil
	}
	return Sent, "", nil
}

// do asks Notify, and classes what it answers.
func (g *GovUK) do(ctx context.Context, method, path string, body []byte, into any) error {
	token, err := g.token()
	if err != nil {
		return err
	}
	base := g.URL
	if base == "" {
		base = GovUKAddress
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(base, "/")+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := g.client().Do(r)
	if err != nil {
		return errs.Wrap(errs.Transient, err, "Notify can't be reached.")
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return errs.Wrap(errs.Transient, err, "Notify's answer broke off.")
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		if err := json.Unmarshal(text, into); err != nil {
			return errs.Wrap(errs.Transient, err, "Notify's answer can't be read.")
		}
		return nil
	}
	return classify(resp.StatusCode, text)
}

func (g *GovUK) client() *http.Client {
	if g.Client != nil {
		return g.Client
	}
	return &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// classify makes an error of an answer that is none of 2xx. It goes by the code and by the type of the error, never by its words, which change.
// 429 and 5xx are worth another try. So is a key that is refused, which an operator mends: everything waits for that (RuleKey).
func classify(code int, text []byte) error {
	var answer struct {
		Errors []struct {
			Error string `json:"error"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(text, &answer) // an answer of somebody in between has none
	kind := ""
	if len(answer.Errors) > 0 {
		kind = answer.Errors[0].Error
	}
	switch {
	case code == http.StatusTooManyRequests || code >= 500:
		return errs.E(errs.Transient, "Notify is busy (%d %s).", code, kind)
	case code == http.StatusForbidden || code == http.StatusUnauthorized:
		return &errs.Error{Kind: errs.Transient, Rule: RuleKey, Say: fmt.Sprintf("Notify refuses the key (%d %s); look at notify.key_file, and at this machine's clock.", code, kind)}
	case code == http.StatusBadRequest && kind == "BadRequestError":
		return errs.E(errs.Transient, "Notify does not know the template, or this service may not write to everybody yet (%d %s).", code, kind)
	case code == http.StatusBadRequest && kind == "ValidationError":
		return errs.E(errs.Invalid, "Notify does not take this number or address (%d %s).", code, kind)
	}
	return errs.E(errs.Invalid, "Notify refuses it (%d %s).", code, kind)
}
