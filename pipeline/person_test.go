package pipeline_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestPersonID(t *testing.T) {
	// Computed by Python: uuid.uuid5(uuid.UUID("6f2b9d5e-3c1a-5f64-9a77-0d4be1a5c8f2"), "0:user-0")
	if got, want := uuid.UUID(pipeline.PersonID(0, "user-0")).String(), "47347b5c-fdf1-5764-a5ec-494a23fa9dc6"; got != want {
		t.Errorf("PersonID\n got %s\nwant %s", got, want)
	}
	if pipeline.PersonID(1, "1:x") == pipeline.PersonID(11, ":x") || pipeline.PersonID(1, "x") == pipeline.PersonID(2, "x") {
		t.Error("persons of two projects\n got one id\nwant two")
	}
}
