package handover_test

import (
	"fmt"
	"slices"
	"testing"

	"haven/e2e/stage"
)

func TestMailIsHandedOver(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var scenes []map[string]any
	var sams, owners []stage.Person
	var boxes []string
	for i := range 3 { // one for each run of the story
		aisha, sam := s.Person("Aisha", "Rahman"), s.Person("Sam", "Carter")
		code := fmt.Sprintf("FHA0%d", i)
		box := s.Pharmacy(code, aisha, sam)
		s.Admin("post", "add", aisha.Address, code, "pharmacist")
		s.Admin("post", "add", sam.Address, code, "dispenser")
		n := 0
		write := func(from, to, subject string) {
			n++
			s.Receive(from, stage.Letter(from, to, subject, fmt.Sprintf("%d.%d@outside.test", i, n), "Hello."), to)
		}
		write("reception@surgery.test", box, "Opening times")
		write("results@laboratory.test", box, "New forms")
		write("reception@surgery.test", sam.Address, "Repeat prescriptions")
		write("results@laboratory.test", sam.Address, "Late results")
		write("reception@surgery.test", sam.Address, "Flu vaccines")
		write("mum@home.test", sam.Address, "Sunday")
		scenes = append(scenes, map[string]any{"aisha": aisha, "sam": sam, "box": box})
		sams, owners, boxes = append(sams, sam), append(owners, aisha), append(boxes, box)
	}
	s.Browse(t, "mail-is-handed-over", map[string]any{"scenes": scenes})

	for i, sam := range sams {
		c := s.IMAP(owners[i], nil)
		got := stage.Subjects(t, c, stage.Shared(boxes[i], "Handed over by Sam Carter"))
		slices.Sort(got)
		if want := []string{"Flu vaccines", "Repeat prescriptions"}; !slices.Equal(got, want) {
			t.Errorf("the mailbox has %q, want %q", got, want)
		}
		if own := stage.Subjects(t, s.IMAP(sam, nil), "INBOX"); len(own) != 4 {
			t.Errorf("Sam's own letters are %q", own)
		}
	}
}
