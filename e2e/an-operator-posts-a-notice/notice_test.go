package notice_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestOperatorPostsANotice(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var scenes []map[string]any
	for range 3 { // one for each run of the story
		tess := s.Person("Tess", "Okafor")
		s.Admin("account", "contact", tess.Address, "--mobile", "07700900123", "--proven")
		s.Admin("operator", "add", tess.Address)
		scenes = append(scenes, map[string]any{"operator": tess})
	}
	s.Browse(t, "an-operator-posts-a-notice", map[string]any{"scenes": scenes})
}
