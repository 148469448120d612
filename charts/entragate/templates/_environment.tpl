{{/* Every option of `entragate serve` as a variable: a command that is run in the Pod, such as `check --cluster`, sees the same. Empty ones are left out. */}}
{{- define "entragate.environment" -}}
{{- $values := .Values -}}
{{- $provider := .Values.identityProvider -}}
{{- $host := .Values.authHost -}}
{{- $options := dict
  "RELEASE" (include "entragate.fullname" .)
  "CONTROLLER_NAME" (include "entragate.controllerValue" .)
  "NAMESPACES" (include "entragate.namespaces" . | fromJsonArray | join ",")
  "LISTEN" .Values.listen
  "HTTPS_PORT" 8443
  "HTTP_PORT" 8080
  "ADMIN_PORT" 9090
  "EXTERNAL_HTTPS_PORT" (default .Values.service.ports.https .Values.externalHttpsPort)
  "AUTH_HOST" (default "none" $host.name)
  "AUTH_HOST_CERTIFICATE" (ternary $host.tls.secretName "" (ne $host.name ""))
  "IDENTITY_PROVIDER" $provider.name
  "DEFAULT_CERTIFICATE" .Values.defaultCertificate
  "TRUSTED_PROXIES" (join "," .Values.trustedProxies)
  "HOST_OWNERSHIP" .Values.hostOwnership
  "ANY_HOST_NAMESPACES" (join "," .Values.anyHostNamespaces)
  "DENIED_CIDRS" (join "," .Values.deniedCidrs)
  "ALLOW_AUTHORITY" $provider.authority
  "AUTHORITY_CA" (ternary "/etc/entragate/authority/ca.crt" "" (ne $provider.authorityCa.configMapName ""))
  "ALLOW_EXTERNAL_NAME" .Values.allowExternalName
  "WATCH_INGRESS_WITHOUT_CLASS" .Values.watchIngressWithoutClass
  "OWN_SERVICE" (printf "%s-metrics" (include "entragate.fullname" .))
  "PUBLISH_ADDRESS" (join "," .Values.publishAddresses)
  "PUBLISH_SERVICE" (include "entragate.publishedService" .)
  "WORKERS" .Values.workers
  "GRACE" .Values.grace
  "KEY_ROTATION" .Values.keyRotation
  "MAX_CONFIG_AGE" .Values.maxConfigAge
  "LOG" .Values.logFormat
  "LOG_LEVEL" .Values.logLevel -}}
- name: ENTRAGATE_CONTROLLER_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- range $name, $value := $options }}
{{- if ne (toString $value) "" }}
- name: ENTRAGATE_{{ $name }}
  value: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* NAME or NAMESPACE/NAME of the Service whose addresses Ingresses show; empty: none. */}}
{{- define "entragate.publishedService" -}}
{{- if and .Values.publishService.enabled (not .Values.publishAddresses) -}}
{{- default (include "entragate.fullname" .) .Values.publishService.pathOverride -}}
{{- end -}}
{{- end -}}
