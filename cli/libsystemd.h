/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_LIBSYSTEMD_H
#define KMEMCTL_LIBSYSTEMD_H
/* libsystemd, loaded when systemd or udev is asked. */
#include "base/library.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-device.h>
#include <systemd/sd-event.h>
#include <systemd/sd-journal.h>

#define LIBSYSTEMD_FUNCTIONS(F)                                                                    \
	F(sd_bus_flush_close_unref)                                                                \
	F(sd_bus_get_property_string)                                                              \
	F(sd_bus_get_property_trivial)                                                             \
	F(sd_bus_open_system)                                                                      \
	F(sd_device_get_action)                                                                    \
	F(sd_device_get_property_value)                                                            \
	F(sd_device_get_subsystem)                                                                 \
	F(sd_device_get_sysname)                                                                   \
	F(sd_device_monitor_attach_event)                                                          \
	F(sd_device_monitor_filter_add_match_subsystem_devtype)                                    \
	F(sd_device_monitor_new)                                                                   \
	F(sd_device_monitor_set_receive_buffer_size)                                               \
	F(sd_device_monitor_start)                                                                 \
	F(sd_device_monitor_unref)                                                                 \
	F(sd_event_add_io)                                                                         \
	F(sd_event_add_signal)                                                                     \
	F(sd_event_add_time_relative)                                                              \
	F(sd_event_exit)                                                                           \
	F(sd_event_loop)                                                                           \
	F(sd_event_new)                                                                            \
	F(sd_event_source_disable_unref)                                                           \
	F(sd_event_source_get_enabled)                                                             \
	F(sd_event_source_set_enabled)                                                             \
	F(sd_event_source_set_time_relative)                                                       \
	F(sd_event_unref)                                                                          \
	F(sd_journal_add_match)                                                                    \
	F(sd_journal_close)                                                                        \
	F(sd_journal_get_data)                                                                     \
	F(sd_journal_get_events)                                                                   \
	F(sd_journal_get_fd)                                                                       \
	F(sd_journal_next)                                                                         \
	F(sd_journal_open)                                                                         \
	F(sd_journal_previous)                                                                     \
	F(sd_journal_process)                                                                      \
	F(sd_journal_seek_tail)

LIBSYSTEMD_FUNCTIONS(LIBRARY_DECLARE)

#define sd_bus_flush_close_unref       late_sd_bus_flush_close_unref
#define sd_bus_get_property_string     late_sd_bus_get_property_string
#define sd_bus_get_property_trivial    late_sd_bus_get_property_trivial
#define sd_bus_open_system	       late_sd_bus_open_system
#define sd_device_get_action	       late_sd_device_get_action
#define sd_device_get_property_value   late_sd_device_get_property_value
#define sd_device_get_subsystem	       late_sd_device_get_subsystem
#define sd_device_get_sysname	       late_sd_device_get_sysname
#define sd_device_monitor_attach_event late_sd_device_monitor_attach_event
#define sd_device_monitor_filter_add_match_subsystem_devtype                                       \
	late_sd_device_monitor_filter_add_match_subsystem_devtype
#define sd_device_monitor_new			  late_sd_device_monitor_new
#define sd_device_monitor_set_receive_buffer_size late_sd_device_monitor_set_receive_buffer_size
#define sd_device_monitor_start			  late_sd_device_monitor_start
#define sd_device_monitor_unref			  late_sd_device_monitor_unref
#define sd_event_add_io				  late_sd_event_add_io
#define sd_event_add_signal			  late_sd_event_add_signal
#define sd_event_add_time_relative		  late_sd_event_add_time_relative
#define sd_event_exit				  late_sd_event_exit
#define sd_event_loop				  late_sd_event_loop
#define sd_event_new				  late_sd_event_new
#define sd_event_source_disable_unref		  late_sd_event_source_disable_unref
#define sd_event_source_get_enabled		  late_sd_event_source_get_enabled
#define sd_event_source_set_enabled		  late_sd_event_source_set_enabled
#define sd_event_source_set_time_relative	  late_sd_event_source_set_time_relative
#define sd_event_unref				  late_sd_event_unref
#define sd_journal_add_match			  late_sd_journal_add_match
#define sd_journal_close			  late_sd_journal_close
#define sd_journal_get_data			  late_sd_journal_get_data
#define sd_journal_get_events			  late_sd_journal_get_events
#define sd_journal_get_fd			  late_sd_journal_get_fd
#define sd_journal_next				  late_sd_journal_next
#define sd_journal_open				  late_sd_journal_open
#define sd_journal_previous			  late_sd_journal_previous
#define sd_journal_process			  late_sd_journal_process
#define sd_journal_seek_tail			  late_sd_journal_seek_tail

/* Before any of them is called. 0, or -ENOENT and the error. */
int libsystemd_load(struct kmemd_error *error);

#endif
