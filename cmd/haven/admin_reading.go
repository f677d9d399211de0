package main

import (
	"context"
	"errors"
)

// The words for who counts as having read a letter.
const (
	readTogether = "together"
	readEach     = "each"
)

func mailboxReading(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 2); err != nil {
		return err
	}
	box, err := h.mailboxOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	if len(c.words) == 2 {
		if c.words[1] != readTogether && c.words[1] != readEach {
			return errors.New("say together or each")
		}
		if err := h.shared.SetReadsEach(ctx, c.actor, box.No, c.words[1] == readEach); err != nil {
			return err
		}
	}
	on, err := h.shared.ReadsEach(ctx, box.No)
	word := readTogether
	if on {
		word = readEach
	}
	if err == nil {
		c.say("%s: %s", box.Address, word)
	}
	return err
}
