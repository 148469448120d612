module entragate.dev/test/cluster/node/images

go 1.26.0
