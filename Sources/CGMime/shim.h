// The calls of GMime 3 that Kith makes, declared here instead of included, for two reasons. What is not declared cannot be
// called: `g_mime_multipart_get_boundary`, which never returns on some messages (GMime #165), and everything that changes a
// message or writes it out again. And GMime's own headers need flags that the package manager warns about in every build.
// A test compiles this file together with GMime's headers, so that a declaration that differs from theirs is an error.

#ifndef KITH_CGMIME_SHIM_H
#define KITH_CGMIME_SHIM_H

#include <stddef.h>
#include <sys/types.h>

typedef unsigned long GType;
typedef int gboolean;
typedef void *gpointer;
typedef struct _GTypeInstance GTypeInstance;
typedef struct _GByteArray GByteArray;
typedef struct _GMimeStream GMimeStream;
typedef struct _GMimeStreamMem GMimeStreamMem;
typedef struct _GMimeParser GMimeParser;
typedef struct _GMimeParserOptions GMimeParserOptions;
typedef struct _GMimeObject GMimeObject;
typedef struct _GMimeMessage GMimeMessage;
typedef struct _GMimeMessagePart GMimeMessagePart;
typedef struct _GMimeMultipart GMimeMultipart;
typedef struct _GMimePart GMimePart;
typedef struct _GMimeHeader GMimeHeader;
typedef struct _GMimeHeaderList GMimeHeaderList;
typedef struct _GMimeContentType GMimeContentType;
typedef struct _GMimeContentDisposition GMimeContentDisposition;
typedef struct _GMimeDataWrapper GMimeDataWrapper;
typedef struct _InternetAddress InternetAddress;
typedef struct _InternetAddressGroup InternetAddressGroup;
typedef struct _InternetAddressMailbox InternetAddressMailbox;
typedef struct _InternetAddressList InternetAddressList;
typedef struct _GDateTime GDateTime;

// The head of a `GByteArray`, under a name of its own.
struct KithByteArray {
    unsigned char *data;
    unsigned int len;
};

void g_object_unref(gpointer object);
gboolean g_type_check_instance_is_a(GTypeInstance *instance, GType type);
long g_date_time_to_unix(GDateTime *date);
void g_date_time_unref(GDateTime *date);

void g_mime_init(void);
GMimeStream *g_mime_stream_mem_new(void);
GMimeStream *g_mime_stream_mem_new_with_buffer(const char *bytes, size_t count);
GByteArray *g_mime_stream_mem_get_byte_array(GMimeStreamMem *stream);

GMimeParserOptions *g_mime_parser_options_new(void);
void g_mime_parser_options_free(GMimeParserOptions *options);
void g_mime_parser_options_set_allow_addresses_without_domain(GMimeParserOptions *options, gboolean allow);
GMimeParser *g_mime_parser_new_with_stream(GMimeStream *stream);
GMimeMessage *g_mime_parser_construct_message(GMimeParser *parser, GMimeParserOptions *options);

GType g_mime_part_get_type(void);
GType g_mime_multipart_get_type(void);
GType g_mime_message_part_get_type(void);
GType internet_address_group_get_type(void);
GType internet_address_mailbox_get_type(void);

GMimeObject *g_mime_message_get_mime_part(GMimeMessage *message);
GMimeMessage *g_mime_message_part_get_message(GMimeMessagePart *part);
const char *g_mime_multipart_get_prologue(GMimeMultipart *multipart);
int g_mime_multipart_get_count(GMimeMultipart *multipart);
GMimeObject *g_mime_multipart_get_part(GMimeMultipart *multipart, int index);

GMimeHeaderList *g_mime_object_get_header_list(GMimeObject *object);
int g_mime_header_list_get_count(GMimeHeaderList *headers);
GMimeHeader *g_mime_header_list_get_header_at(GMimeHeaderList *headers, int index);
const char *g_mime_header_get_name(GMimeHeader *header);
const char *g_mime_header_get_raw_value(GMimeHeader *header);
long g_mime_header_get_offset(GMimeHeader *header);

GMimeContentType *g_mime_object_get_content_type(GMimeObject *object);
const char *g_mime_content_type_get_media_type(GMimeContentType *type);
const char *g_mime_content_type_get_media_subtype(GMimeContentType *type);
const char *g_mime_content_type_get_parameter(GMimeContentType *type, const char *name);
GMimeContentDisposition *g_mime_object_get_content_disposition(GMimeObject *object);
const char *g_mime_content_disposition_get_disposition(GMimeContentDisposition *disposition);
const char *g_mime_content_disposition_get_parameter(GMimeContentDisposition *disposition, const char *name);
GMimeDataWrapper *g_mime_part_get_content(GMimePart *part);
ssize_t g_mime_data_wrapper_write_to_stream(GMimeDataWrapper *content, GMimeStream *stream);

GDateTime *g_mime_utils_header_decode_date(const char *text);
InternetAddressList *internet_address_list_parse(GMimeParserOptions *options, const char *text);
int internet_address_list_length(InternetAddressList *list);
InternetAddress *internet_address_list_get_address(InternetAddressList *list, int index);
const char *internet_address_get_name(InternetAddress *address);
const char *internet_address_mailbox_get_addr(InternetAddressMailbox *mailbox);
InternetAddressList *internet_address_group_get_members(InternetAddressGroup *group);

#endif
