package jmap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"haven/platform/errs"
)

// eventQuery is what an event source asks for (RFC 8620 §7.3).
type eventQuery struct {
	types []string // nil: all
	once  bool     // the connection ends after one state event
	ping  time.Duration
}

func parseEvents(q url.Values) (e eventQuery, err error) {
	if types := q.Get("types"); types != "*" {
		e.types = strings.Split(types, ",")
		if types == "" || slices.Contains(e.types, "") || len(e.types) > mostTypes {
			return e, errs.E(errs.Invalid, "types is * or a list of types.")
		}
	}
	switch q.Get("closeafter") {
	case "state":
		e.once = true
	case "no":
	default:
		return e, errs.E(errs.Invalid, "closeafter is state or no.")
	}
	n, err := strconv.ParseUint(q.Get("ping"), 10, 31)
	if err != nil {
		return e, errs.E(errs.Invalid, "ping is a number of seconds.")
	}
	if n > 0 {
		e.ping = min(max(time.Duration(n)*time.Second, leastPing), mostPing)
	}
	return e, nil
}

const (
	mostTypes = 100
	leastPing = 5 * time.Second // oftener than that it costs batteries and tells nothing
	mostPing  = 15 * time.Minute
)

var errOver = errors.New("jmap: the connection is over")

// events answers GET of the event source URL.
func (v *visit) events() error {
	q, err := parseEvents(v.r.URL.Query())
	if err != nil {
		return err
	}
	done, err := v.srv.enlist(v.session)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithCancel(v.ctx())
	defer cancel()
	defer context.AfterFunc(v.srv.ctx, cancel)()
	e := &eventStream{v: v, ctl: http.NewResponseController(v.w)}
	w := newWatcher(v.srv, v.session)
	defer w.close()
	var since *string
	if last := v.r.Header.Values("Last-Event-ID"); len(last) > 0 {
		since = &last[0]
	}
	tell := func(ch stateChange) error {
		if err := e.state(ch); err != nil {
			return err
		}
		if q.once {
			return errOver
		}
		return nil
	}
	ch, any := w.enable(ctx, q.types, since) // before the client hears that it is heard
	if e.begin() != nil || any && tell(ch) != nil {
		return nil
	}
	_ = w.run(ctx, q.ping, tell, func() error { return e.ping(q.ping) }) // whatever ended it, the stream ends and the client asks again
	return nil
}

// eventStream writes a text/event-stream.
type eventStream struct {
	v   *visit
	ctl *http.ResponseController
}

func (e *eventStream) begin() error {
	_ = e.ctl.SetReadDeadline(time.Time{}) // nothing more is read
	e.v.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	e.v.w.Header().Set("X-Accel-Buffering", "no") // for servers in front that would keep it
	e.v.w.WriteHeader(http.StatusOK)
	return e.write(": Haven\n\n")
}

func (e *eventStream) write(text string) error {
	_ = e.ctl.SetWriteDeadline(time.Now().Add(e.v.srv.o.Policy.WriteWithin))
	if _, err := e.v.w.Write([]byte(text)); err != nil {
		return err
	}
	err := e.ctl.Flush()
	_ = e.ctl.SetWriteDeadline(time.Time{})
	return err
}

func (e *eventStream) state(ch stateChange) error {
	id := ch.PushState
	ch.PushState = "" // it is the event's id
	raw, err := json.Marshal(ch)
	if err != nil {
		return err
	}
	return e.write(fmt.Sprintf("id: %s\nevent: state\ndata: %s\n\n", id, raw))
}

func (e *eventStream) ping(every time.Duration) error {
	return e.write(fmt.Sprintf("event: ping\ndata: {\"interval\":%d}\n\n", int(every.Seconds())))
}
