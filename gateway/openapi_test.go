package gateway

import (
	"context"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// contract loads the OpenAPI file as its users do.
func contract(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatalf("openapi.yaml does not load: %v", err)
	}
	return doc
}

func TestContractIsValidOpenAPI(t *testing.T) {
	t.Parallel()
	if err := contract(t).Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
}
