package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"haven/people/texts"
	"haven/platform/errs"
)

func textList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	for _, n := range texts.Names {
		t, err := h.texts.Current(ctx, n)
		if err != nil {
			return err
		}
		version := "as it came with the program"
		if t.Version > 0 {
			version = "version " + strconv.Itoa(t.Version) + " of " + t.At.Local().Format(time.DateOnly)
		}
		c.say("%-14s %-26s %s", n, n.Title(), version)
	}
	return nil
}

func textShow(ctx context.Context, h *house, c *adminCall) error {
	version := c.flags.Int("version", -1, "an earlier `VERSION`; 0 is the one that came with the program")
	if err := c.need(1, 1); err != nil {
		return err
	}
	n := texts.Name(c.words[0])
	t, err := h.texts.Current(ctx, n)
	if *version >= 0 {
		t, err = h.texts.Version(ctx, n, *version)
	}
	if err != nil {
		return errNoText(n, err)
	}
	c.say("%s", t.Body)
	return nil
}

// errNoText names what was looked for.
func errNoText(n texts.Name, err error) error {
	if errs.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no such text %s; haven admin text list shows them", n)
	}
	return err
}

// longestText is how much of a file is read; the policy's own bound, in characters, is lower.
const longestText = 1 << 20 // octets

// body is the text of the file that the call names.
func (c *adminCall) body() (string, error) {
	b, err := io.ReadAll(io.LimitReader(c.std.in, longestText+1))
	if err == nil && len(b) > longestText {
		err = errors.New("the file is too long for a text")
	}
	return texts.Clean(string(b)), err
}

func textWrite(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(2, 2); err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	n := texts.Name(c.words[1])
	now, err := h.texts.Versions(ctx, n, 1)
	if err != nil {
		return errNoText(n, err)
	}
	t, err := h.texts.Write(ctx, c.actor, n, body, now[0].Version)
	if err != nil {
		return err
	}
	c.say("version %d of %s is published", t.Version, n)
	return nil
}

// rulesPublish publishes a new version of the rules of use.
func rulesPublish(ctx context.Context, h *house, c *adminCall) error {
	from := c.flags.String("from", "", "`TIME` from which on nobody goes on without having accepted them; else after activation.accept_policy")
	if err := c.need(1, 1); err != nil {
		return err
	}
	holds, _, err := parseTime(*from)
	if err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	version, err := h.activation.Publish(ctx, c.actor, body, holds)
	if err != nil {
		return err
	}
	p, err := h.activation.Current(ctx)
	if err != nil {
		return err
	}
	c.say("version %d is published: everybody is told of it, and has to accept it from %s on", version, p.Holds.Local().Format(minuteForm))
	return nil
}

func rulesShow(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	p, err := h.activation.Current(ctx)
	if err == nil {
		c.say("version %d\n\n%s", p.Version, p.Text)
	}
	return err
}
