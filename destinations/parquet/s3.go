package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// bucket is a store in S3.
type bucket struct {
	config S3Config
	client *minio.Client
}

func newBucket(config S3Config, transport http.RoundTripper) (*bucket, error) {
	region, lookup := config.Region, minio.BucketLookupAuto
	if region == "" {
		region = "us-east-1"
	}
	if config.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(config.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(config.AccessKey, string(config.SecretKey), ""),
		Secure: !config.Insecure, Region: region, BucketLookup: lookup, Transport: transport, MaxRetries: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("s3.endpoint %q: %w", config.Endpoint, err)
	}
	return &bucket{config, client}, nil
}

func (b *bucket) key(name string) string {
	if b.config.Prefix == "" {
		return name
	}
	return b.config.Prefix + "/" + name
}

func (b *bucket) open(ctx context.Context) error {
	// A listing needs the bucket, the keys and the right to list at once.
	for o := range b.client.ListObjects(ctx, b.config.Bucket, minio.ListObjectsOptions{Prefix: b.key("_prickle/"), MaxKeys: 1}) {
		return b.explain(o.Err)
	}
	return nil
}

func (b *bucket) put(ctx context.Context, name string, body io.Reader, size int64) error {
	_, err := b.client.PutObject(ctx, b.config.Bucket, b.key(name), body, size, minio.PutObjectOptions{ContentType: "application/vnd.apache.parquet"})
	return b.explain(err)
}

// get copies the object to a file of this machine: Parquet is read in many small pieces.
func (b *bucket) get(ctx context.Context, name string) (_ reader, err error) {
	o, err := b.client.GetObject(ctx, b.config.Bucket, b.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, b.explain(err)
	}
	defer o.Close()
	f, err := newScratch()
	if err != nil {
		return nil, err
	}
	c := copied{scratch: f}
	if c.size, err = io.Copy(f, o); err != nil {
		return nil, errors.Join(b.explain(err), c.Close())
	}
	return c, nil
}

// copied is a copy of an object.
type copied struct {
	*scratch
	size int64
}

func (c copied) Size() int64 { return c.size }

func (b *bucket) list(ctx context.Context, folder string) ([]object, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when this returns early
	var found []object
	for o := range b.client.ListObjects(ctx, b.config.Bucket, minio.ListObjectsOptions{Prefix: b.key(folder) + "/", Recursive: true}) {
		if o.Err != nil {
			return nil, b.explain(o.Err)
		}
		if name := strings.TrimPrefix(o.Key, b.key("")); strings.HasSuffix(name, ".parquet") {
			found = append(found, object{name, o.Size, o.LastModified})
		}
	}
	return found, ctx.Err()
}

func (b *bucket) remove(ctx context.Context, name string) error {
	return b.explain(b.client.RemoveObject(ctx, b.config.Bucket, b.key(name), minio.RemoveObjectOptions{}))
}

// removeParts does nothing: an object is whole or not there, and parts of an upload that was killed are for a rule of the bucket, since the right to end
// uploads is none that the keys need otherwise.
func (b *bucket) removeParts(context.Context, time.Time) error { return nil }

func (b *bucket) manifest(ctx context.Context) ([]byte, string, error) {
	o, err := b.client.GetObject(ctx, b.config.Bucket, b.key(manifestName), minio.GetObjectOptions{})
	if err != nil {
		return nil, "", b.explain(err)
	}
	defer o.Close()
	body, err := io.ReadAll(o)
	if err = b.explain(err); errors.Is(err, errAbsent) {
		return nil, "", nil
	} else if err != nil {
		return nil, "", err
	}
	info, err := o.Stat()
	return body, info.ETag, b.explain(err)
}

// swap is a conditional PUT.
func (b *bucket) swap(ctx context.Context, body []byte, tag string) error {
	options := minio.PutObjectOptions{ContentType: "application/json", DisableMultipart: true}
	if tag == "" {
		options.SetMatchETagExcept("*")
	} else {
		options.SetMatchETag(tag)
	}
	_, err := b.client.PutObject(ctx, b.config.Bucket, b.key(manifestName), bytes.NewReader(body), int64(len(body)), options)
	return b.explain(err)
}

// explain says what to do about the errors that users can mend. All of them may go away by themselves, so none is permanent.
func (b *bucket) explain(err error) error {
	if err == nil {
		return nil
	}
	switch answer := minio.ToErrorResponse(err); answer.Code {
	case minio.NoSuchKey:
		return errAbsent
	case minio.PreconditionFailed, "ConditionalRequestConflict":
		return errConflict
	case minio.NoSuchBucket:
		return fmt.Errorf("s3: there is no bucket %q at %s: make it, or mend s3.bucket", b.config.Bucket, b.config.Endpoint)
	case "InvalidAccessKeyId", "SignatureDoesNotMatch":
		return fmt.Errorf("s3: %s does not know the keys (%s): mend s3.access_key and s3.secret_key", b.config.Endpoint, answer.Code)
	case minio.AccessDenied:
		return fmt.Errorf("s3: the keys may not do this in bucket %q: give them the right to list, read, write and delete objects", b.config.Bucket)
	}
	return fmt.Errorf("s3: %w", err)
}
