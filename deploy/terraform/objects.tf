# The bucket of the objects, which only CloudFront reads.

resource "aws_s3_bucket" "objects" {
  #checkov:skip=CKV_AWS_18:Only CloudFront reads it
  #checkov:skip=CKV_AWS_21:A key is the hash of its object, which is never overwritten
  #checkov:skip=CKV_AWS_144:All of it is in the bundle
  #checkov:skip=CKV_AWS_145:What is in it is public; S3 encrypts it with its own keys
  #checkov:skip=CKV2_AWS_61:Terraform deletes what no bundle needs
  #checkov:skip=CKV2_AWS_62:Nothing waits for an upload

  count = var.cdn ? 1 : 0

  bucket        = var.bucket
  bucket_prefix = var.bucket == null ? "${var.name}-" : null
  # All of it is in the bundle.
  force_destroy = true
}

resource "aws_s3_bucket_ownership_controls" "objects" {
  count = var.cdn ? 1 : 0

  bucket = aws_s3_bucket.objects[0].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "objects" {
  count = var.cdn ? 1 : 0

  bucket                  = aws_s3_bucket.objects[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "objects" {
  count = var.cdn ? 1 : 0

  # No ListBucket: an unknown key answers 403, and nobody learns which there are.
  statement {
    sid       = "CloudFront"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.objects[0].arn}/${var.object_prefix}objects/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.cdn[0].arn]
    }
  }

  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.objects[0].arn, "${aws_s3_bucket.objects[0].arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "objects" {
  count = var.cdn ? 1 : 0

  bucket     = aws_s3_bucket.objects[0].id
  policy     = data.aws_iam_policy_document.objects[0].json
  depends_on = [aws_s3_bucket_public_access_block.objects]
}

# A key is the hash of all that is sent, so an object is never overwritten with another. New ones are there before the
# key-value data names them, and old ones go after it no longer does: `create_before_destroy` is what puts the second in
# this order.
resource "aws_s3_object" "object" {
  for_each = { for key, object in local.objects : key => object if var.cdn }

  bucket              = aws_s3_bucket.objects[0].id
  key                 = "${var.object_prefix}${each.key}"
  source              = each.value.path_on_disk
  content_type        = each.value.headers["content-type"]
  cache_control       = lookup(each.value.headers, "cache-control", null)
  content_disposition = lookup(each.value.headers, "content-disposition", null)
  content_encoding    = lookup(each.value.headers, "content-encoding", null)
  content_language    = lookup(each.value.headers, "content-language", null)
  # Puts back what was changed by hand. What is uploaded in parts has an etag that is no MD5.
  etag = each.value.size <= 5 * 1024 * 1024 ? filemd5(each.value.path_on_disk) : null

  lifecycle {
    create_before_destroy = true
  }
}
