package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
	"passgate/checkpoint/factor"
	"passgate/checkpoint/office"
)

// code is the stable word for what went wrong.
type code string

const (
	codeBadRequest       code = "bad_request"
	codeBadJSON          code = "bad_json"
	codeUnknownField     code = "unknown_field"
	codeInvalid          code = "invalid"
	codeUnauthorized     code = "unauthorized"
	codeCodeRequired     code = "code_required"
	codeForbidden        code = "forbidden"
	codeOutOfScope       code = "out_of_scope"
	codeUsed             code = "code_used"
	codeBadge            code = "wrong_badge"
	codeWrongCode        code = "wrong_code"
	codeNoShift          code = "no_shift"
	codeNotFound         code = "not_found"
	codeMethod           code = "method_not_allowed"
	codeTimeout          code = "request_timeout"
	codeExists           code = "exists"
	codeOtherContent     code = "other_content"
	codeRowTaken         code = "row_taken"
	codeTooMany          code = "too_many"
	codeCrowded          code = "crowded"
	codeAnnulled         code = "annulled"
	codeTooLate          code = "too_late"
	codeCaseNeeded       code = "case_needed"
	codeCaseClosed       code = "case_closed"
	codeCampaignOver     code = "campaign_over"
	codeOverCap          code = "over_cap"
	codeSamePerson       code = "same_person"
	codeContestOpen      code = "contest_open"
	codeNotObserved      code = "not_observed"
	codeHeld             code = "held"
	codeWrongState       code = office.CodeWrongState
	codeNotEnough        code = office.CodeNotEnough
	codeCursorExpired    code = "cursor_expired"
	codeBadSignature     code = "bad_signature"
	codeUnavailable      code = "unavailable"
	codeOverloaded       code = "overloaded"
	codeTooLarge         code = "too_large"
	codeHeaderTooLarge   code = "header_too_large"
	codeUnsupportedMedia code = "unsupported_media"
	codeInternal         code = "internal"
)

// problems is the one table from code to status and title.
var problems = map[code]struct {
	status int
	title  string
}{
	codeBadRequest:       {http.StatusBadRequest, "The request cannot be read"},
	codeBadJSON:          {http.StatusBadRequest, "The body is not the JSON that is expected"},
	codeUnknownField:     {http.StatusBadRequest, "The body has a field that is not known"},
	codeInvalid:          {http.StatusUnprocessableEntity, "A field cannot be accepted"},
	codeUnauthorized:     {http.StatusUnauthorized, "Sign in first"},
	codeCodeRequired:     {http.StatusUnauthorized, "A code is needed as well"},
	codeForbidden:        {http.StatusForbidden, "Not allowed"},
	codeOutOfScope:       {http.StatusForbidden, "Outside your part of the grid"},
	codeUsed:             {http.StatusForbidden, "The code was used or has expired"},
	codeBadge:            {http.StatusForbidden, "The badge opens no shift"},
	codeWrongCode:        {http.StatusForbidden, "The code or the end of the document is wrong"},
	codeNoShift:          {http.StatusConflict, "Nobody is on shift"},
	codeNotFound:         {http.StatusNotFound, "Not found"},
	codeMethod:           {http.StatusMethodNotAllowed, "The path does not take this method"},
	codeTimeout:          {http.StatusRequestTimeout, "The request came too slowly"},
	codeExists:           {http.StatusConflict, "It exists already"},
	codeOtherContent:     {http.StatusConflict, "The same came before with other content"},
	codeRowTaken:         {http.StatusConflict, "The row was typed before with other content"},
	codeTooMany:          {http.StatusTooManyRequests, "Too many requests"},
	codeCrowded:          {http.StatusTooManyRequests, "Too many scans of one person at one instant"},
	codeAnnulled:         {http.StatusConflict, "The scan was taken back before"},
	codeTooLate:          {http.StatusConflict, "It is too late for that"},
	codeCaseNeeded:       {http.StatusForbidden, "This takes an open case and a reason"},
	codeCaseClosed:       {http.StatusConflict, "The case is closed"},
	codeCampaignOver:     {http.StatusConflict, "The campaign is ended"},
	codeOverCap:          {http.StatusForbidden, "The question is larger than the case allows"},
	codeHeld:             {http.StatusConflict, "It is evidence"},
	codeSamePerson:       {http.StatusForbidden, "It takes a second person"},
	codeContestOpen:      {http.StatusConflict, "A contest waits for its answer"},
	codeNotObserved:      {http.StatusConflict, "This person keeps no diary"},
	codeWrongState:       {http.StatusConflict, "Not possible as things are"},
	codeNotEnough:        {http.StatusConflict, "There is not enough of it"},
	codeCursorExpired:    {http.StatusGone, "What followed the cursor is not kept any more"},
	codeBadSignature:     {http.StatusUnauthorized, "The body is not signed as it has to be"},
	codeUnavailable:      {http.StatusServiceUnavailable, "Not available at the moment, send it again"},
	codeOverloaded:       {http.StatusServiceUnavailable, "More to do than can be done at the moment"},
	codeTooLarge:         {http.StatusRequestEntityTooLarge, "The body is too large"},
	codeHeaderTooLarge:   {http.StatusRequestHeaderFieldsTooLarge, "The header is too large"},
	codeUnsupportedMedia: {http.StatusUnsupportedMediaType, "The body is in a form that is not accepted"},
	codeInternal:         {http.StatusInternalServerError, "An error of ours"},
}

// apiError is an error that the caller may read.
type apiError struct {
	code   code
	field  string
	detail string
}

// Error joins code and detail.
func (e *apiError) Error() string { return string(e.code) + ": " + e.detail }

// failure is an error with a detail that the caller may read.
func failure(c code, detail string) error { return &apiError{code: c, detail: detail} }

// invalid says which field cannot be accepted and why.
func invalid(field, why string) error { return &checkpoint.FieldError{Field: field, Why: why} }

// known is the one table of the errors of the store that callers tell apart, and
// what they are told.
var known = [...]struct {
	is   error
	told apiError
}{
	{checkpoint.ErrTrailTooLong, apiError{codeInvalid, "from", "there are too many events: ask for a shorter window"}},
	{checkpoint.ErrNotFound, apiError{code: codeNotFound, detail: "there is no such record"}},
	{checkpoint.ErrExists, apiError{code: codeExists, detail: "choose another name"}},
	{checkpoint.ErrOtherContent, apiError{code: codeOtherContent, detail: "the same id and occurred_at were recorded with other content: a new scan needs a new id"}},
	{checkpoint.ErrRowTaken, apiError{code: codeRowTaken, detail: "this row of the page was typed before with another time or content: send it with replace to take that back"}},
	{checkpoint.ErrAnnulled, apiError{code: codeAnnulled, detail: "another request took it back: nothing is left to do"}},
	{checkpoint.ErrRevoked, apiError{code: codeUnauthorized, detail: "this device is revoked"}},
	{checkpoint.ErrTooLate, apiError{code: codeTooLate, detail: "a scan can be taken back within 15 minutes: report it to the street office"}},
	{checkpoint.ErrBadge, apiError{code: codeBadge, detail: "this badge is not known: it was withdrawn, or a new one was made"}},
	{checkpoint.ErrBadgeDisabled, apiError{code: codeBadge, detail: "the account of this badge is disabled"}},
	{checkpoint.ErrBadgeElsewhere, apiError{code: codeOutOfScope, detail: "this badge is for another part of the grid"}},
	{checkpoint.ErrWrongCode, apiError{code: codeWrongCode, detail: "the code and the last four characters of a document do not belong together: take the code of the newest sheet and the document of somebody who is on it"}},
	{checkpoint.ErrPhones, apiError{code: codeUsed, detail: fmt.Sprintf("the household has %d phones already: sign one out on another phone, or ask the community for a new code", checkpoint.MaxPhones)}},
	{checkpoint.ErrOtherShift, apiError{code: codeOtherContent, detail: "this id was used for another shift, or the shift was closed in another way: it stays as it was"}},
	{factor.ErrOn, apiError{code: codeWrongState, detail: "this account has a second factor: remove it first"}},
	{factor.ErrNone, apiError{code: codeWrongState, detail: "this account has no second factor: begin one first"}},
	{factor.ErrWrong, apiError{codeInvalid, "code", "is not the one that the app shows now: see that the phone's clock is right and take the newest one"}},
	{checkpoint.ErrMatched, apiError{code: codeOtherContent, detail: "the walk-in is known as somebody else: take that back first"}},
	{checkpoint.ErrFeverClosed, apiError{code: codeOtherContent, detail: "the case was closed before with another outcome: it stays as it was"}},
	{checkpoint.ErrCaseClosed, apiError{code: codeCaseClosed, detail: "nothing is asked, lifted or added any more: open another case"}},
	{checkpoint.ErrCampaignOver, apiError{code: codeCampaignOver, detail: "nobody asks where anybody was any more, and what is recorded goes by retention"}},
	{checkpoint.ErrHeld, apiError{code: codeHeld, detail: "the record is evidence of a tracing case or fever case that is open or was closed less than 14 days ago: close it, or wait"}},
	{checkpoint.ErrOtherRecord, apiError{code: codeOtherContent, detail: "the same id came before with other content: a new record needs a new id"}},
	{checkpoint.ErrTooMany, apiError{code: codeTooMany, detail: "that is more than is taken for one person: wait until some of it is done, or until tomorrow; if it is urgent, phone the community"}},
	{checkpoint.ErrContested, apiError{code: codeContestOpen, detail: "a contest about this person waits for its answer, at most 48 hours"}},
	{checkpoint.ErrAnswered, apiError{code: codeOtherContent, detail: "the contest was answered before, otherwise: it stays as it was"}},
	{checkpoint.ErrOwnDecision, apiError{code: codeSamePerson, detail: "who gave the status does not answer the contest about it: a colleague has to"}},
	{checkpoint.ErrNotObserved, apiError{code: codeNotObserved, detail: "a diary is kept by people under observation or in quarantine, and this person was neither at that time"}},
	{checkpoint.ErrSamePerson, apiError{code: codeSamePerson, detail: "who asked for it cannot approve it"}},
	{alarm.ErrClosed, apiError{code: codeWrongState, detail: "the alarm is closed already: it stays as it was"}},
	{checkpoint.ErrCrowded, apiError{code: codeCrowded, detail: "wait a moment"}},
}

// explain turns any error into what the caller is told.
func explain(err error) *apiError {
	var own *apiError
	var field *checkpoint.FieldError
	var soon *checkpoint.TooSoonError
	var refused *office.Refusal
	var http *fiber.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused):
		return &apiError{code: code(refused.Code), detail: refused.Why}
	case errors.As(err, &field):
		return &apiError{codeInvalid, field.Field, field.Why}
	case errors.As(err, &soon):
		return &apiError{code: codeTooMany, detail: "too many tries were wrong: wait " + retryAfter(err) + " s"}
	}
	for _, k := range known {
		if errors.Is(err, k.is) {
			return &k.told
		}
	}
	switch {
	case errors.Is(err, checkpoint.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &apiError{code: codeUnavailable, detail: "whether it was recorded is not known; sending the same again is safe"}
	case errors.As(err, &http):
		return explainHTTP(http)
	}
	return &apiError{code: codeInternal, detail: "the log has the cause under the request's ID"}
}

// explainHTTP is for what the HTTP library refuses before any route.
func explainHTTP(err *fiber.Error) *apiError {
	for c, p := range problems {
		if p.status != err.Code {
			continue
		}
		switch c {
		case codeNotFound:
			return &apiError{code: c, detail: "there is no such path"}
		case codeMethod, codeTimeout, codeTooLarge, codeHeaderTooLarge:
			return &apiError{code: c, detail: p.title}
		}
	}
	return &apiError{code: codeBadRequest, detail: "it is not a well-formed HTTP request"}
}

// retryAfter is the header's value: whole seconds.
func retryAfter(err error) string {
	var soon *checkpoint.TooSoonError
	if errors.As(err, &soon) {
		return strconv.FormatInt(int64(math.Ceil(soon.Wait.Seconds())), 10)
	}
	if errors.Is(err, checkpoint.ErrTooMany) {
		return "3600"
	}
	return "1"
}

// problemBody is an RFC 9457 problem.
type problemBody struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   code   `json:"code"`
	Field  string `json:"field,omitempty"`
	// DetailZH says it in Chinese, where rows of an import can have the same wrong.
	DetailZH string `json:"detail_zh,omitempty"`
}

// writeProblem renders an error. Causes of our own failures go to the log only.
func (s *Server) writeProblem(c *fiber.Ctx, pattern string, err error) {
	e := explain(err)
	p := problems[e.code]
	if p.status >= http.StatusInternalServerError {
		s.log(c).Error("request failed", "route", pattern, "code", string(e.code), "error", err)
	}
	body, failed := json.Marshal(problemBody{"urn:passgate:problem:" + string(e.code), p.title, p.status, e.detail, e.code, e.field, knownChinese(e.detail)})
	if failed != nil {
		s.log(c).Error("problem cannot be rendered", "error", failed)
	}
	c.Response().ResetBody()
	c.Status(p.status)
	switch e.code {
	case codeUnauthorized:
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="passgate"`)
	case codeUnavailable, codeTooMany, codeCrowded:
		c.Set(fiber.HeaderRetryAfter, retryAfter(err))
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "application/problem+json")
	c.Response().SetBodyRaw(body)
}
