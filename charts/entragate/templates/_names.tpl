{{/* Names and labels. */}}

{{- define "entragate.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end -}}

{{/* Names the Deployment, the Services, the Lease and the key Secret of this release. */}}
{{- define "entragate.fullname" -}}
{{- $name := include "entragate.name" . -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
  {{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | replace "." "-" -}}
{{- end -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]{0,48}[a-z0-9])?$" $full) -}}
  {{- fail (printf "%q can not name a Service: set fullnameOverride to at most 50 lower-case letters, digits and hyphens, beginning with a letter" $full) -}}
{{- end -}}
{{- if has $full (list "true" "false" "null" "yes" "no" "on" "off" "y" "n") -}}
  {{- fail (printf "%q is what YAML takes for something else than a text: set fullnameOverride to another name" $full) -}}
{{- end -}}
{{- $full -}}
{{- end -}}

{{/* Name of cluster-scoped objects. Neither part holds a dot, so that no two releases share one. */}}
{{- define "entragate.clusterName" -}}
{{- printf "%s.%s" (include "entragate.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "entragate.selectorLabels" -}}
app.kubernetes.io/name: {{ include "entragate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "entragate.labels" -}}
{{- $labels := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")
  "app.kubernetes.io/name" (include "entragate.name" .)
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service -}}
{{- toYaml (merge $labels (omit .Values.commonLabels "app.kubernetes.io/component")) -}}
{{- end -}}

{{- define "entragate.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "entragate.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.create is false: set serviceAccount.name to a ServiceAccount that exists" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* An umbrella chart says once for all its charts where images are, as `global.imageRegistry`, or as ingress-nginx reads it. */}}
{{- define "entragate.image" -}}
{{- $global := default dict .Values.global -}}
{{- $ofAll := default (dig "image" "registry" "" $global) (get $global "imageRegistry") -}}
{{- with .Values.image -}}
{{- $registry := default $ofAll .registry -}}
{{- $name := ternary (printf "%s/%s" $registry .repository) .repository (ne $registry "") -}}
{{- $tagged := printf "%s:%s" $name (default $.Chart.AppVersion .tag) -}}
{{- ternary (printf "%s@%s" $tagged .digest) $tagged (ne .digest "") -}}
{{- end -}}
{{- end -}}

{{/* As `imagePullSecrets` of a Pod; empty: none. Those of all charts of an umbrella chart are names or objects. */}}
{{- define "entragate.imagePullSecrets" -}}
{{- $secrets := default list .Values.imagePullSecrets -}}
{{- range default list (get (default dict .Values.global) "imagePullSecrets") -}}
{{- $secrets = append $secrets (kindIs "string" . | ternary (dict "name" .) .) -}}
{{- end -}}
{{- if $secrets -}}
imagePullSecrets:
  {{- toYaml (uniq $secrets) | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* spec.controller of our IngressClass, by which releases know their own. */}}
{{- define "entragate.controllerValue" -}}
{{- with .Values.ingressClass -}}
{{- $derived := ternary "entragate.dev/ingress-controller" (printf "entragate.dev/%s" .name) (eq .name "entragate") -}}
{{- default $derived .controllerValue -}}
{{- end -}}
{{- end -}}

{{/* Namespaces that this release follows, as a JSON list; empty: all. The release's own is always one of them. */}}
{{- define "entragate.namespaces" -}}
{{- if eq .Values.rbac.scope "namespaced" -}}
{{- prepend .Values.rbac.namespaces .Release.Namespace | uniq | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{/* How long load balancers have, then requests under way, then what is left to close. */}}
{{- define "entragate.terminationGracePeriodSeconds" -}}
{{- add .Values.preStopSeconds .Values.grace 10 -}}
{{- end -}}

{{/* Restricted Pod Security. No user id: any works, so that OpenShift may choose one; the image's is not root. */}}
{{- define "entragate.podSecurityContext" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "entragate.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end -}}
