package office_test

import (
	"testing"

	"passgate/checkpoint/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
