// Package httpsend sends HTTP requests for destinations and tells by the answer what becomes of the events.
//
//	2xx                       delivered; what follows the status is not waited for
//	429, 503 + Retry-After    pipeline.RetryAfter, at most an hour
//	408, 409, 425, 429, 5xx   may be tried again
//	no answer, broken answer  may be tried again
//	3xx                       permanent: a redirect would turn a POST into a GET, so none is followed
//	every other 4xx           permanent
//	the context ended         the context's error
//
// 409 is worth another try because an Idempotency-Key goes along: a server answers so while the first attempt is still at work.
//
// An error names the method, the host and the status and quotes the first bytes of the answer. It never shows what may be a secret: header
// values, the URL's user, path and query. Where the answer repeats one of these, stars stand in its place.
package httpsend
