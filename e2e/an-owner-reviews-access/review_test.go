package review_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestOwnerReviewsAccess(t *testing.T) {
	t.Parallel()
	s, _ := stage.Demo(t)
	var scenes []map[string]any
	for _, code := range []string{"FRV01", "FRV02", "FRV03"} { // one for each run of the story
		owner, colleague, gone := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Cara", "Doyle")
		scenes = append(scenes, map[string]any{"owner": owner, "colleague": colleague, "gone": gone, "pharmacy": s.Pharmacy(code, owner, colleague, gone)})
	}
	s.Browse(t, "an-owner-reviews-access", map[string]any{"scenes": scenes})
}
