package main

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"strings"
)

// redisFiles are the files by which a Redis over TLS is trusted and trusts us.
type redisFiles struct{ ca, cert, key string }

// cutRedisFiles takes the parameters ca, cert and key out of the URL of a Redis.
func cutRedisFiles(spec string) (rest string, files redisFiles, err error) {
	rest, query, there := strings.Cut(spec, "?")
	if !there {
		return spec, files, nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return spec, files, badInput("--redis %s: what stands behind ? cannot be read", hidePassword(rest))
	}
	files = redisFiles{values.Get("ca"), values.Get("cert"), values.Get("key")}
	for _, name := range []string{"ca", "cert", "key"} {
		values.Del(name)
	}
	if len(values) > 0 {
		rest += "?" + values.Encode()
	}
	switch scheme, _, _ := strings.Cut(spec, "://"); {
	case files == redisFiles{}:
	case scheme != "rediss" && scheme != "clusters" && scheme != "sentinels":
		return rest, files, badInput("--redis %s: ca, cert and key go with TLS: rediss://, clusters:// or sentinels://", hidePassword(rest))
	case (files.cert == "") != (files.key == ""):
		return rest, files, badInput("--redis %s: cert and key go together: give both", hidePassword(rest))
	}
	return rest, files, nil
}

// config is how TLS is spoken with that Redis. The client's certificate is read
// anew for each connection, so that it can be renewed without a restart.
func (f redisFiles) config() (*tls.Config, error) {
	config, err := trusting("--redis …?ca=", f.ca)
	if err != nil || f.cert == "" {
		return config, err
	}
	load := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, fmt.Errorf("certificate for Redis: %w", err)
		}
		return &pair, nil
	}
	if _, err := load(nil); err != nil {
		return nil, badInput("--redis …?cert=: %w", err)
	}
	config.GetClientCertificate = load
	return config, nil
}
